"""Shift and scale (zoom): the mild geometry of many radiograph pipelines, without the rotation.

Defaults as in Albumentations' ShiftScaleRotate: a shift of up to 1/16 of each side, a zoom of 0.9 to 1.1.
"""

from dataclasses import dataclass

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import about_centre, moving, scaling
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import GeometricStep, Size, within


@AUGMENTATIONS.register("shift_scale", kind="geometry", code="albumentations ShiftScaleRotate")
@dataclass(frozen=True, kw_only=True)
class ShiftScale(GeometricStep):
    """Move by up to `shift` of each side, and zoom by up to `scale` either way."""

    shift: float = 0.0625
    scale: float = 0.1

    def check(self) -> None:
        """A zoom of 0 would leave no image."""
        within("shift", self.shift, 0, 1)
        within("scale", self.scale, 0, 0.95)

    @property
    def draws(self) -> int:
        """The move along x and y, the zoom."""
        return 3

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """Zoom about the centre, then move."""
        x, y = (between(chance[:, i], -self.shift, self.shift) * size[1 - i] for i in (0, 1))
        zoom = 1 / between(chance[:, 2], 1 - self.scale, 1 + self.scale)
        return about_centre(scaling(zoom, zoom) @ moving(-x, -y), size)
