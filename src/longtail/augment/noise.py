"""Gaussian noise of a random strength for each image: low-dose radiographs, high ISO photographs.

Each image's noise comes from a generator of its own, so it too depends only on (seed, epoch, row). A CPU and a GPU draw
different noise.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import Image, PixelStep, Size, like, ordered

_SEEDS = 2.0**53  # as many as a uniform number has


@AUGMENTATIONS.register("noise", kind="pixels", code="torchvision GaussianNoise")
@dataclass(frozen=True, kw_only=True)
class Noise(PixelStep):
    """Add Gaussian noise with a standard deviation within `std`, as a fraction of the range."""

    std: tuple[float, float] = (0.0, 0.05)

    def check(self) -> None:
        """No more than the whole range."""
        ordered("std", self.std, 0, 1)

    @property
    def draws(self) -> int:
        """The strength and the generator's seed."""
        return 2

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """`(B, 2)` strengths and seeds."""
        return np.stack([between(chance[:, 0], *self.std), np.floor(chance[:, 1] * _SEEDS)], axis=1)

    def apply(self, image: Image, setting: Floats) -> Image:
        """Rounded and clipped by OpenCV."""
        generator = np.random.Generator(np.random.SFC64(int(setting[1])))
        noise = generator.standard_normal(image.shape, dtype=np.float32)
        noise *= np.float32(setting[0] * 255)
        return like(image, cv2.add(image, noise, dtype=cv2.CV_8U))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """A generator on the device, set anew for each image."""
        generator = torch.Generator(images.device)
        noise = torch.empty_like(images, memory_format=torch.contiguous_format)
        for row, seed in zip(noise, settings[:, 1].tolist(), strict=True):
            row.normal_(generator=generator.manual_seed(int(seed)))
        return (images + noise * settings[:, :1, None, None].to(images)).clamp(0, 1)
