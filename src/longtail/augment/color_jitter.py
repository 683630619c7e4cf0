"""Colour jitter: brightness, contrast, saturation and hue, as one linear map of colours for each image.

The factors mean what they mean in torchvision's ColorJitter. All four are linear in the colours, so they compose into
one 3 x 4 matrix and colours are clipped once, at the end (as in StyleGAN2-ADA, Karras et al., NeurIPS 2020), where
torchvision clips after each. The hue turns in the plane of chrominance (YIQ), which keeps the luma; HSV does not.
Grey images get brightness and contrast. Order: brightness, contrast, saturation, hue.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import Image, PixelStep, Size, like, within

LUMA = np.array([0.299, 0.587, 0.114])
_YIQ = np.array([LUMA, [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_RGB = np.linalg.inv(_YIQ)


def colour_matrices(settings: Floats) -> Floats:
    """`(B, 3, 3)` for contrast-free colours from brightness, contrast, saturation and hue `(B, 4)`."""
    brightness, contrast, saturation, hue = settings.T
    angle = 2 * np.pi * hue
    turn = np.zeros((len(settings), 3, 3))
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = np.cos(angle) * saturation
    turn[:, 1, 2], turn[:, 2, 1] = np.sin(angle) * saturation, -np.sin(angle) * saturation
    found: Floats = (brightness * contrast)[:, None, None] * (_RGB @ turn @ _YIQ)
    return found


@AUGMENTATIONS.register("color_jitter", kind="pixels", code="torchvision ColorJitter")
@dataclass(frozen=True, kw_only=True)
class ColorJitter(PixelStep):
    """Change brightness, contrast and saturation by factors of 1 - x to 1 + x, the hue by up to `hue` turns."""

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    hue: float = 0.05

    def check(self) -> None:
        """A hue of half a turn is every hue."""
        for name in ("brightness", "contrast", "saturation"):
            within(name, getattr(self, name), 0, 1)
        within("hue", self.hue, 0, 0.5)

    @property
    def draws(self) -> int:
        """The four."""
        return 4

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """`(B, 12)`: brightness times contrast, how much of the mean it adds, nothing, then the 3 x 3 matrix."""
        widths = (self.brightness, self.contrast, self.saturation)
        factors = [between(chance[:, i], 1 - width, 1 + width) for i, width in enumerate(widths)]
        drawn = np.stack([*factors, between(chance[:, 3], -self.hue, self.hue)], axis=1)
        gain, added = drawn[:, 0] * drawn[:, 1], drawn[:, 0] * (1 - drawn[:, 1])
        return np.column_stack([gain, added, colour_matrices(drawn).reshape(-1, 9)])

    def apply(self, image: Image, setting: Floats) -> Image:
        """OpenCV rounds and clips."""
        mean = cv2.mean(image)[: image.shape[2]]
        if image.shape[2] != 3:
            return like(image, cv2.addWeighted(image, setting[0], image, 0, setting[1] * mean[0]))
        offset = setting[1] * float(LUMA @ mean)
        return like(image, cv2.transform(image, np.column_stack([setting[2:].reshape(3, 3), np.full(3, offset)])))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """The same with one matrix product for the batch."""
        settings = settings.to(images)
        mean = images.mean(dim=(2, 3))
        if images.shape[1] != 3:
            offset = (settings[:, 1:2] * mean)[..., None, None]
            return (images * settings[:, :1, None, None] + offset).clamp(0, 1)
        offset = settings[:, 1] * (mean @ torch.from_numpy(LUMA).to(images))
        turned = torch.einsum("bij,bjhw->bihw", settings[:, 2:].view(-1, 3, 3), images)
        return (turned + offset[:, None, None, None]).clamp(0, 1)
