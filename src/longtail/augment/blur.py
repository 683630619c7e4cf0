"""Gaussian blur, with a random width for each image, as SimCLR and DINOv2 use it.

Chen et al., "A simple framework for contrastive learning of visual representations", ICML 2020. The kernel reaches
three widths to each side; beyond the image it is mirrored.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import Image, PixelStep, Size, like, ordered


def gaussian_kernels(sigma: Tensor, reach: int) -> Tensor:
    """`(B, 2 * reach + 1)` kernels of widths `(B,)`, each cut off at three widths and summing to 1."""
    place = torch.arange(-reach, reach + 1, device=sigma.device, dtype=sigma.dtype)
    values = torch.exp(-0.5 * (place / sigma[:, None]) ** 2) * (place.abs() <= torch.ceil(3 * sigma)[:, None])
    return values / values.sum(dim=1, keepdim=True)


@AUGMENTATIONS.register("blur", kind="pixels", paper="Chen et al. 2020", code="torchvision GaussianBlur")
@dataclass(frozen=True, kw_only=True)
class Blur(PixelStep):
    """Blur with a Gaussian of a width within `sigma`, in pixels."""

    sigma: tuple[float, float] = (0.1, 2.0)

    def check(self) -> None:
        """Some width."""
        ordered("sigma", self.sigma, 0.01, 50)

    @property
    def draws(self) -> int:
        """The width."""
        return 1

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """`(B, 1)` widths."""
        return between(chance, *self.sigma)

    def apply(self, image: Image, setting: Floats) -> Image:
        """OpenCV's, on uint8."""
        width = float(setting[0])
        side = 2 * int(np.ceil(3 * width)) + 1
        return like(image, cv2.GaussianBlur(image, (side, side), width, borderType=cv2.BORDER_REFLECT))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """Down, then across; every image is a group of the convolution, with its own kernel."""
        batch, channels, height, width = images.shape
        reach = int(np.ceil(3 * self.sigma[1]))
        kernels = gaussian_kernels(settings[:, 0].to(images), reach).repeat_interleave(channels, dim=0)
        found = _mirrored(images, reach).reshape(1, batch * channels, height + 2 * reach, width + 2 * reach)
        found = F.conv2d(found, kernels[:, None, :, None], groups=batch * channels)
        found = F.conv2d(found, kernels[:, None, None, :], groups=batch * channels)
        return found.view(batch, channels, height, width)


def _mirrored(images: Tensor, reach: int) -> Tensor:
    """Images with a margin of `reach` that mirrors them, edge pixels twice (which PyTorch's padding cannot)."""
    places = [torch.arange(-reach, n + reach, device=images.device) % (2 * n) for n in images.shape[-2:]]
    y, x = (torch.minimum(p, 2 * n - 1 - p) for p, n in zip(places, images.shape[-2:], strict=True))
    return images[:, :, y[:, None], x]
