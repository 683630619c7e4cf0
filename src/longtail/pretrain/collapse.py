"""Signs that self-supervision has collapsed: features on a line, or all images given to the same few prototypes.

The effective rank is RankMe's: Garrido et al., "RankMe: assessing the downstream performance of pretrained
self-supervised representations by their rank", ICML 2023 (Roy and Vetterli 2007): the exponential of the entropy of the
singular values. Of centred features here, so that a constant counts for nothing.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

LEAST_RANK, LEAST_ENTROPY, MOST_ENTROPY = 2.0, 0.1, 0.999


@torch.no_grad()
def effective_rank(features: Tensor) -> float:
    """Features `(N, D)` to a number from 1 (all on a line; also if all are equal) to `min(N - 1, D)`."""
    rows = features.double()
    values = torch.linalg.svdvals(rows - rows.mean(0))
    shares = values / values.sum().clamp(min=1e-12)
    return float(torch.exp(-(shares * shares.clamp(min=1e-12).log()).sum()))


@torch.no_grad()
def entropies(logits: Tensor, temperature: float) -> tuple[float, float]:
    """Scores `(N, K)` to the entropy of the images' mean answer and the mean entropy of their answers, of log K = 1."""
    shares = (logits.float() / temperature).softmax(-1)
    most = math.log(max(2, shares.shape[1]))
    return _entropy(shares.mean(0, keepdim=True)) / most, _entropy(shares) / most


def alarm(facts: Mapping[str, float]) -> str | None:
    """One sentence when `rank`, `entropy` (of the mean answer) or `sharpness` (mean entropy) show a collapse."""
    if facts["rank"] < LEAST_RANK:
        return f"the features have collapsed: their effective rank is {facts['rank']:.1f}"
    if facts["entropy"] < LEAST_ENTROPY:
        return f"all images fall to the same few prototypes: entropy {facts['entropy']:.3f} of 1"
    if facts["sharpness"] > MOST_ENTROPY:
        return f"the answers tell images not apart: each is spread over all prototypes ({facts['sharpness']:.4f} of 1)"
    return None


def _entropy(shares: Tensor) -> float:
    return float(-(shares * shares.clamp(min=1e-12).log()).sum(-1).mean())
