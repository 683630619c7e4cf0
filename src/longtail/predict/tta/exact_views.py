"""Views that only move pixels: themselves, flips and quarter turns."""

import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.predict.tta import TTA


@TTA.register("identity")
def identity_view(images: Tensor) -> list[Tensor]:
    """The images as they are."""
    return [images]


@TTA.register("hflip", paper="Yamagishi & Hanaoka 2023")
def hflip_view(images: Tensor) -> list[Tensor]:
    """Left and right swapped."""
    return [images.flip(-1)]


@TTA.register("vflip")
def vflip_view(images: Tensor) -> list[Tensor]:
    """Top and bottom swapped."""
    return [images.flip(-2)]


@TTA.register("quarter_turn")
def quarter_turn_view(images: Tensor, *, turns: int = 1) -> list[Tensor]:
    """Turned by `turns` quarters, counter-clockwise; square images."""
    if images.shape[-1] != images.shape[-2]:
        raise UserError(
            f"quarter_turn needs square images, and these are {images.shape[-1]} x {images.shape[-2]}; use rotate."
        )
    return [torch.rot90(images, turns, (-2, -1))]


@TTA.register("three_views")
def three_views(images: Tensor) -> list[Tensor]:
    """The images, flipped left-right and flipped top-bottom: three images of each, as the three-stage radar paper used.

    (That paper gives the number of views and not which they are.)
    """
    return [images, images.flip(-1), images.flip(-2)]
