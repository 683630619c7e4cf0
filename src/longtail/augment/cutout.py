"""Cutout: black rectangles, so that no finding is recognised by one spot alone.

DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", arXiv 1708.04552. As in
Albumentations' Cutout, which P0 used, `holes` rectangles whose sides are `fraction` of the image's; their centres are
uniform over the image, and what lies outside is cut off.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image, PixelStep, Size, within


def hole_sides(chance: Floats, size: Size, fraction: float) -> Floats:
    """`(B, holes, 4)` whole numbers top, bottom, left, right from chances `(B, 2 * holes)` of the centres."""
    centres = np.floor(chance.reshape(len(chance), -1, 2) * size)
    sides = np.maximum(1, np.round(np.array(size) * fraction))
    first = centres - sides // 2
    found = np.stack([first, first + sides], axis=-1).clip(0, np.array(size)[:, None])
    return found.reshape(len(chance), -1, 4)


@AUGMENTATIONS.register("cutout", kind="pixels", paper="DeVries and Taylor 2017", code="albumentations CoarseDropout")
@dataclass(frozen=True, kw_only=True)
class Cutout(PixelStep):
    """Fill `holes` rectangles with sides of `fraction` of the image's with `fill` (0 black, 1 white)."""

    holes: int = 5
    fraction: float = 0.05
    fill: float = 0.0

    def check(self) -> None:
        """At least one hole, no larger than the image."""
        within("holes", self.holes, 1, 10_000)
        within("fraction", self.fraction, 0, 1)
        within("fill", self.fill, 0, 1)

    @property
    def draws(self) -> int:
        """The centre of each hole."""
        return 2 * self.holes

    def settings(self, chance: Floats, size: Size) -> Floats:
        """`(B, holes * 4)` sides."""
        return hole_sides(chance, size, self.fraction).reshape(len(chance), -1)

    def apply(self, image: Image, setting: Floats) -> Image:
        """Slices of the image itself."""
        fill, sides = round(self.fill * 255), setting.astype(np.int64).tolist()
        for i in range(0, len(sides), 4):
            image[sides[i] : sides[i + 1], sides[i + 2] : sides[i + 3]] = fill
        return image

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """One mask of all holes."""
        y, x = (torch.arange(n, device=images.device) for n in images.shape[-2:])
        top, bottom, left, right = settings.view(len(images), -1, 4, 1).unbind(2)
        down, across = (y >= top) & (y < bottom), (x >= left) & (x < right)
        mask = (down[..., :, None] & across[..., None, :]).any(dim=1)
        return images.masked_fill(mask[:, None], round(self.fill * 255) / 255)
