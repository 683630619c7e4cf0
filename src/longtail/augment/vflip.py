"""Vertical flip: top becomes bottom."""

from dataclasses import dataclass

import numpy as np

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import moving, scaling
from longtail.augment.row_chances import Floats
from longtail.augment.step import GeometricStep, Size


def mirror_y(count: int, size: Size) -> Floats:
    """`(B, 3, 3)` that take y to H - y."""
    one = np.ones(count)
    return moving(one * 0, one * size[0]) @ scaling(one, -one)


@AUGMENTATIONS.register("vflip", kind="geometry", code="torchvision RandomVerticalFlip")
@dataclass(frozen=True, kw_only=True)
class VFlip(GeometricStep):
    """Flip top and bottom."""

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """The same map for every image."""
        return mirror_y(len(chance), size)
