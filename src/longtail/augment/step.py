"""What an augmentation is: a step that moves pixels (`GeometricStep`), changes their values (`PixelStep`), or both.

A step is a frozen dataclass of keyword settings. It draws nothing itself: `Augment` hands it uniform numbers
`(B, draws)` that depend only on (seed, epoch, row, the step's name), and it turns them into one matrix or one row of
settings for each image. `apply` changes one uint8 image (the quick way on a CPU), `apply_batch` a float batch (GPU).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from longtail.augment.row_chances import Floats
from longtail.errors import UserError

Image = npt.NDArray[np.uint8]  # (H, W, C)
Size = tuple[int, int]  # height, width


@dataclass(frozen=True, kw_only=True)
class Step:
    """Settings of an augmentation; each image gets it with `probability`."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        within("probability", self.probability, 0, 1)
        self.check()

    def check(self) -> None:
        """Refuse settings that make no sense; the default refuses none."""

    @property
    def draws(self) -> int:
        """How many uniform numbers an image needs."""
        return 0


@dataclass(frozen=True, kw_only=True)
class GeometricStep(Step, ABC):
    """A step that says where each pixel of the new image lies in the old one."""

    @abstractmethod
    def matrices(self, chance: Floats, size: Size) -> Floats:
        """`(B, 3, 3)` from places of the new image to places of the old, both of `size`; `affine.py` has the frame."""


@dataclass(frozen=True, kw_only=True)
class PixelStep(Step, ABC):
    """A step that changes values and leaves every pixel in its place."""

    @abstractmethod
    def settings(self, chance: Floats, size: Size) -> Floats:
        """`(B, draws)` uniform numbers to `(B, P)` settings for images of `size`."""

    @abstractmethod
    def apply(self, image: Image, setting: Floats) -> Image:
        """One image `(H, W, C)` with its settings `(P,)`; may write into the image."""

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """Images `(B, C, H, W)`, float in [0, 1], with settings `(B, P)`, float64.

        A step that does not write its own has each image through `apply`, on the CPU and in 8 bits.
        """
        plain = images.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        done = [self.apply(image.copy(), setting) for image, setting in zip(plain, settings.cpu().numpy(), strict=True)]
        return torch.from_numpy(np.stack(done)).permute(0, 3, 1, 2).to(images).div_(255)


def like(image: Image, found: Any) -> Image:
    """What OpenCV made of an image, with the image's shape: it drops the last axis of grey ones."""
    return np.asarray(found, dtype=np.uint8).reshape(image.shape)


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a setting outside [low, high]."""
    if not low <= value <= high:
        raise UserError(f"'{name}' is {value:g}; valid is {low:g} to {high:g}.")


def ordered(name: str, pair: tuple[float, float], low: float, high: float) -> None:
    """Refuse a range that is turned around or leaves [low, high]."""
    if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
        raise UserError(f"'{name}' is {list(pair)}; write [lowest, highest] within {low:g} and {high:g}.")
