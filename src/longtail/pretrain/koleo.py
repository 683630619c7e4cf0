"""KoLeo: features of a batch spread over the sphere, each away from its nearest neighbour.

Sablayrolles et al., "Spreading vectors for similarity search", ICLR 2019; public code facebookresearch/dinov2 @b8931f7
`loss/koleo_loss.py` (Apache-2.0). Always in float32: the distance of near neighbours is a small difference.
"""

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-8


def koleo_loss(features: Tensor) -> Tensor:
    """Features `(B, D)` to the mean of `-log` of each one's distance to its nearest neighbour; 0 for a single row."""
    with torch.autocast(features.device.type, enabled=False):
        rows = functional.normalize(features.float(), dim=-1, eps=_TINY)
        if len(rows) < 2:
            return rows.sum() * 0
        with torch.no_grad():
            nearest = (rows @ rows.T).fill_diagonal_(-2).argmax(1)
        away = torch.linalg.vector_norm(rows - rows[nearest] + _TINY, dim=1)
        return -torch.log(away + _TINY).mean()
