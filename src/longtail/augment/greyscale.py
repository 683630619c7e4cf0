"""Greyscale: colours become their luma, in all three channels; DINOv2 does it to a fifth of its views."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.color_jitter import LUMA
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image, PixelStep, Size, like


@AUGMENTATIONS.register("greyscale", kind="pixels", code="torchvision RandomGrayscale")
@dataclass(frozen=True, kw_only=True)
class Greyscale(PixelStep):
    """Take the colours out; grey images stay as they are."""

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """Nothing to choose: `(B, 0)`."""
        return np.empty((len(chance), 0))

    def apply(self, image: Image, setting: Floats) -> Image:  # noqa: ARG002
        """OpenCV rounds."""
        return image if image.shape[2] != 3 else like(image, cv2.transform(image, np.tile(LUMA, (3, 1))))

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:  # noqa: ARG002
        """A weighted sum of the channels."""
        if images.shape[1] != 3:
            return images
        luma = torch.einsum("bchw,c->bhw", images, torch.from_numpy(LUMA).to(images))
        return luma[:, None].expand_as(images).clone()
