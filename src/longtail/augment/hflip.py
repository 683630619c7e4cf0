"""Horizontal flip: left becomes right."""

from dataclasses import dataclass

import numpy as np

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import moving, scaling
from longtail.augment.row_chances import Floats
from longtail.augment.step import GeometricStep, Size


def mirror_x(count: int, size: Size) -> Floats:
    """`(B, 3, 3)` that take x to W - x."""
    one = np.ones(count)
    return moving(one * size[1], one * 0) @ scaling(-one, one)


@AUGMENTATIONS.register("hflip", kind="geometry", code="torchvision RandomHorizontalFlip")
@dataclass(frozen=True, kw_only=True)
class HFlip(GeometricStep):
    """Flip left and right."""

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """The same map for every image."""
        return mirror_x(len(chance), size)
