"""The projection head of DINO and iBOT: an MLP to a narrow layer, a unit vector, and its cosines with prototypes.

Public code: facebookresearch/dinov2 @b8931f7 `layers/dino_head.py` (Apache-2.0), described, not copied. Prototypes are
of unit length (there a weight norm with its gain fixed at 1).
"""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional


class Prototypes(nn.Module):
    """Cosines of unit vectors `(N, d)` with K learned directions."""

    def __init__(self, dim: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, dim))
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, vectors: Tensor) -> Tensor:
        """`(N, d)` to `(N, K)`."""
        return functional.linear(vectors, functional.normalize(self.weight, dim=-1).to(vectors.dtype))


class DinoHead(nn.Module):
    """Features `(N, D)` to scores `(N, prototypes)` in [-1, 1]."""

    def __init__(self, width: int, prototypes: int, *, layers: int = 3, hidden: int = 2048, bottleneck: int = 256):
        super().__init__()
        sizes = [width, *[hidden] * (layers - 1), bottleneck]
        parts: list[nn.Module] = []
        for before, after in pairwise(sizes):
            parts += [nn.Linear(before, after), nn.GELU()]
        self.mlp = nn.Sequential(*parts[:-1])
        for part in self.mlp:
            if isinstance(part, nn.Linear):
                nn.init.trunc_normal_(part.weight, std=0.02)
                nn.init.zeros_(part.bias)
        self.prototypes = Prototypes(bottleneck, prototypes)

    def forward(self, features: Tensor) -> Tensor:
        """`(N, D)` to `(N, K)`; the unit vectors are taken in float32."""
        narrow = self.mlp(features)
        unit = functional.normalize(narrow.float(), dim=-1, eps=1e-6).to(narrow.dtype)
        return cast(Tensor, self.prototypes(unit))
