"""Rotation about the centre by a uniform angle; the frame stays, corners that come from outside get the border."""

from dataclasses import dataclass

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import about_centre, rotation
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import GeometricStep, Size, within


@AUGMENTATIONS.register("rotate", kind="geometry", code="torchvision RandomRotation")
@dataclass(frozen=True, kw_only=True)
class Rotate(GeometricStep):
    """Turn by up to `degrees` either way."""

    degrees: float = 15.0

    def check(self) -> None:
        """Any angle up to a half turn."""
        within("degrees", self.degrees, 0, 180)

    @property
    def draws(self) -> int:
        """The angle."""
        return 1

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """About the centre of the image."""
        return about_centre(rotation(between(chance[:, 0], -self.degrees, self.degrees)), size)
