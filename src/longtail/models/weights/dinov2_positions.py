"""DINOv2's position embeddings at another image size, as its own code makes them (facebookresearch/dinov2, Apache-2.0).

`interpolate_pos_encoding` there is bicubic without antialiasing, by the scale `(size + .1) / old` of each side (its
`interpolate_offset`), which puts places not quite where the size alone would. timm knows neither, so files of DINOv2,
CheXFound and RAD-DINO would give other features than by their public code. DINOv2's own four models with registers
have no offset and are antialiased, which is timm's way.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

_OFFSET = 0.1
_PLACES, _MARK = "pos_embed", "mask_token"  # of DINOv2's files and of no timm model


def with_positions(state: Mapping[str, Tensor], grid: Sequence[int]) -> dict[str, Tensor]:
    """A DINOv2 file's tensors with position embeddings for `grid` (rows, columns); any other file's as they are."""
    places = state.get(_PLACES)
    if _MARK not in state or places is None or grid[0] != grid[1]:
        return dict(state)
    side = math.isqrt(places.shape[1] - 1)
    if side == grid[0] or side**2 != places.shape[1] - 1:
        return dict(state)
    return {**state, _PLACES: resampled(places, grid[0])}


def resampled(places: Tensor, side: int) -> Tensor:
    """`(1, 1 + M * M, D)`, the class token's first, to `(1, 1 + side * side, D)`."""
    old = math.isqrt(places.shape[1] - 1)
    square = places[:, 1:].float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    scale = (side + _OFFSET) / old
    found = functional.interpolate(square, scale_factor=(scale, scale), mode="bicubic").flatten(2).transpose(1, 2)
    return torch.cat([places[:, :1], found.to(places.dtype)], 1)


def antialiased(name: str) -> bool:
    """Whether DINOv2's own code resamples this architecture as timm does."""
    return "_reg4_dinov2" in name
