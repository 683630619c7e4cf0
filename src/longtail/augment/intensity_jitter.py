"""Intensity jitter: brightness, contrast and gamma of grey levels, as exposure and processing vary between machines.

One table of 256 levels for each image: `(g(v) - 1/2) * contrast + 1/2 + brightness` with `g(v) = v ** gamma`. Unlike
`color_jitter` it does not look at the image, and all channels get the same.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import Image, PixelStep, Size, like, within

_LEVELS = np.arange(256) / 255


def level_table(brightness: float, contrast: float, gamma: float) -> Image:
    """The new level of each of 256, `(256,)` uint8."""
    found = (_LEVELS**gamma - 0.5) * contrast + 0.5 + brightness
    return np.round(found.clip(0, 1) * 255).astype(np.uint8)


@AUGMENTATIONS.register("intensity_jitter", kind="pixels", code="monai RandAdjustContrast")
@dataclass(frozen=True, kw_only=True)
class IntensityJitter(PixelStep):
    """Add up to `brightness` of the range, stretch by 1 - `contrast` to 1 + it, bend by gammas from 1 - `gamma`."""

    brightness: float = 0.1
    contrast: float = 0.2
    gamma: float = 0.2

    def check(self) -> None:
        """A gamma of 0 would make everything white."""
        within("brightness", self.brightness, 0, 1)
        within("contrast", self.contrast, 0, 1)
        within("gamma", self.gamma, 0, 0.95)

    @property
    def draws(self) -> int:
        """The three."""
        return 3

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """`(B, 3)`: brightness, contrast and gamma, which is as often above 1 as below, by the same factor."""
        bend = -np.log(1 - self.gamma)
        brightness = between(chance[:, 0], -self.brightness, self.brightness)
        contrast = between(chance[:, 1], 1 - self.contrast, 1 + self.contrast)
        return np.stack([brightness, contrast, np.exp(between(chance[:, 2], -bend, bend))], axis=1)

    def apply(self, image: Image, setting: Floats) -> Image:
        """By table."""
        return like(image, cv2.LUT(image, level_table(*setting)))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """By formula."""
        brightness, contrast, gamma = settings.to(images).T[..., None, None, None]
        bent: Tensor = images**gamma
        found: Tensor = ((bent - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)
        return found
