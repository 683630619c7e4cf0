"""k-nearest-neighbour scores of labels from features: how good they are, without training anything.

Wu et al., "Unsupervised feature learning via non-parametric instance discrimination", CVPR 2018, as DINO evaluates:
cosine similarity, neighbours weighted by `exp(similarity / 0.07)`. Here of many labels: a label's score is the weighted
share of the neighbours that have it, among those of which it is known.
"""

import torch
from torch import Tensor
from torch.nn import functional


@torch.no_grad()
def knn_scores(
    known: Tensor, targets: Tensor, asked: Tensor, *, k: int = 20, temperature: float = 0.07, chunk: int = 1024
) -> Tensor:
    """Features `(N, D)` with targets `(N, C)` in {0, 1, nan}, and features `(M, D)`, to scores `(M, C)`."""
    known, asked = (functional.normalize(each.float(), dim=1) for each in (known, asked))
    mask, positive = (~targets.isnan()).float(), targets.nan_to_num(0).float()
    k = min(k, len(known))
    found = []
    for part in asked.split(chunk):  # type: ignore[no-untyped-call]  # torch leaves it untyped
        near, place = (part @ known.T).topk(k, dim=1)
        weight = torch.exp((near - near[:, :1]) / temperature)  # the nearest weighs 1: only ratios matter
        of_known = torch.einsum("mk,mkc->mc", weight, mask[place])
        found.append(torch.einsum("mk,mkc->mc", weight, positive[place]) / of_known)
    return torch.cat(found)
