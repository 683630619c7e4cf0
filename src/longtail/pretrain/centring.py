"""Sinkhorn-Knopp centring: the teacher's scores as probabilities that use every prototype equally over the batch.

Caron et al., "Unsupervised learning of visual features by contrasting cluster assignments" (SwAV), NeurIPS 2020; in
DINOv2 (facebookresearch/dinov2 @b8931f7 `loss/dino_clstoken_loss.py`, Apache-2.0) in place of a moving centre. Rows of
all processes are centred together.
"""

import torch
from torch import Tensor, distributed


@torch.no_grad()
def sinkhorn_knopp(logits: Tensor, temperature: float, iterations: int = 3) -> Tensor:
    """Scores `(N, K)` to probabilities `(N, K)`: rows sum to 1, columns to about N / K over all processes."""
    scores = logits.float() / temperature
    top = scores.amax() if len(scores) else scores.new_full((), -torch.inf)
    shares = torch.exp(scores - _summed(top, distributed.ReduceOp.MAX))  # one shift for all: it cancels below
    shares /= _summed(shares.sum())
    rows = _summed(torch.tensor(float(len(shares)), device=shares.device))
    for _ in range(iterations):
        shares /= (_summed(shares.sum(0)) * shares.shape[1]).clamp(min=1e-30)
        shares /= (shares.sum(1, keepdim=True) * rows).clamp(min=1e-30)
    return shares * rows


def _summed(value: Tensor, how: distributed.ReduceOp.RedOpType = distributed.ReduceOp.SUM) -> Tensor:
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(value, op=how)
    return value
