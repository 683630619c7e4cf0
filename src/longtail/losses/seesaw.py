"""Seesaw loss: negative gradients that frequent classes put on rarer ones are mitigated, unless they are needed.

Wang et al., "Seesaw Loss for Long-Tailed Instance Segmentation", CVPR 2021; public code open-mmlab/mmdetection
`seesaw_loss.py` (Apache-2.0), described, not copied. For a row of class i the other classes' logits get `log S_ij`:
    S_ij = min(1, (n_j / n_i)^p)        mitigation: class j is rarer than i, push it down less
         * max(1, (sigma_j / sigma_i)^q)  compensation: j is taken for i, push it down more
with `sigma` the softmax of the plain logits (no gradient), `sigma_i` at least `eps`. p 0.8, q 2, eps 0.01.

The paper counts `n` while it trains (so that a sampler's effect is seen); `online=True` does so, from 0, and the counts
are part of the state. The default takes the stage's own counts: the same on every rank and from the first step on.
Counts below 1 are taken as 1. The paper's objectness branch is for detection and left out. The mean divides by the
number of known rows.
"""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_counts
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import require
from longtail.losses.shapes import check_classes, classes_told, per_class


def seesaw_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    p: float = 0.8,
    q: float = 2.0,
    eps: float = 0.01,
    reduction: Reduction = "mean",
) -> Tensor:
    """Seesaw loss of logits `(B, C)` and classes `(B,)`, -1 unknown; `mean` is over the known rows."""
    _check(p, q, eps)
    counts = as_counts(class_counts)
    return _seesaw(logits, target, counts, p, q, eps, reduction)


def _check(p: float, q: float, eps: float) -> None:
    require(p >= 0 and q >= 0 and 0 < eps < 1, f"p is {p}, q {q} and eps {eps}; p, q >= 0 and eps in (0, 1).")


@classes_told
def _seesaw(
    logits: Tensor, target: Tensor, counts: Tensor, p: float, q: float, eps: float, reduction: Reduction
) -> Tensor:
    check_classes(logits, target)
    logits = precise(logits)
    with torch.no_grad():
        index = target.long().clamp(min=0)[:, None]
        log_counts = p * per_class(counts, logits, "class_counts").clamp(min=1).log()
        mitigation = (log_counts - log_counts[index]).clamp_(max=0)
        log_sigma = F.log_softmax(logits, dim=1)
        own = log_sigma.gather(1, index).clamp_(min=math.log(eps))
        compensation = (log_sigma - own).clamp_(min=0)
        # For the target itself both are 0: its count equals its own, and its sigma is not above max(sigma, eps).
        shift = mitigation.add_(compensation, alpha=q)
    return cross_entropy_loss(logits + shift, target, reduction=reduction)


@LOSSES.register("seesaw", paper="Wang et al. 2021", code="open-mmlab/mmdetection", task="singlelabel")
class Seesaw(nn.Module):
    """Cross-entropy in which frequent classes push rarer ones down less, unless those are mistaken for them.

    `online` counts classes while training, from 0, instead of taking the stage's counts.
    """

    needs: ClassVar[str] = "logits"
    counts: Tensor

    def __init__(
        self,
        class_counts: Counts,
        *,
        p: float = 0.8,
        q: float = 2.0,
        eps: float = 0.01,
        online: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        _check(p, q, eps)
        counts = as_counts(class_counts).float()
        self.register_buffer("counts", torch.zeros_like(counts) if online else counts, persistent=online)
        self.p, self.q, self.eps, self.online, self.reduction = p, q, eps, online, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        if self.online and self.training:
            self.counts.scatter_add_(0, target.long().clamp(min=0), (target >= 0).to(self.counts))
        return _seesaw(inputs, target, self.counts, self.p, self.q, self.eps, self.reduction)
