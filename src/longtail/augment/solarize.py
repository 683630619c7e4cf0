"""Solarize: levels above a threshold are inverted, as DINO and DINOv2 do to one of the two large crops.

Grill et al., "Bootstrap your own latent" (BYOL), NeurIPS 2020; public code facebookresearch/dinov2
`data/augmentations.py`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image, PixelStep, Size, like, within


@AUGMENTATIONS.register("solarize", kind="pixels", paper="Grill et al. 2020", code="torchvision RandomSolarize")
@dataclass(frozen=True, kw_only=True)
class Solarize(PixelStep):
    """Invert the levels at and above `threshold` (of levels in [0, 1])."""

    threshold: float = 0.5

    def check(self) -> None:
        """A level."""
        within("threshold", self.threshold, 0, 1)

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """Nothing to choose: `(B, 0)`."""
        return np.empty((len(chance), 0))

    def apply(self, image: Image, setting: Floats) -> Image:  # noqa: ARG002
        """By table."""
        levels = np.arange(256)
        table = np.where(levels >= np.ceil(self.threshold * 255), 255 - levels, levels).astype(np.uint8)
        return like(image, cv2.LUT(image, table))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:  # noqa: ARG002
        """By comparison; the same levels as on a CPU."""
        return torch.where(images >= self.threshold - 1e-7, 1 - images, images)
