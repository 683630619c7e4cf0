"""CutMix: a rectangle of another image of the batch is pasted into each, and the labels mix by area.

Yun et al., "CutMix: regularization strategy to train strong classifiers with localizable features", ICCV 2019;
clovaai/CutMix-PyTorch (MIT). The side ratio is sqrt(1 - weight), the centre is uniform, the rectangle is cut at the
border, and the weight is then what is left of the image's area (so it is exact for any shape of image). The
reference mixes every batch on ImageNet and half of them on CIFAR (`probability`).
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from longtail.augment import MIXES
from longtail.augment.mix_step import MixStep
from longtail.augment.mix_targets import (
    Labels,
    Mixed,
    check_alpha,
    drawn_weight,
    mixed_targets,
    partners,
    soft_targets,
    weights_like,
)


def cut_box(height: int, width: int, amount: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of a rectangle of about `1 - amount` of the area, cut at the border."""
    ratio, found = np.sqrt(1 - amount), []
    for side in (height, width):
        length, centre = int(side * ratio), int(rng.integers(side))
        found += [max(0, centre - length // 2), min(side, centre - length // 2 + length)]
    return found[0], found[1], found[2], found[3]


def cutmix(
    images: Tensor,
    targets: Tensor,
    *,
    alpha: float = 1.0,
    labels: Labels = "weighted",
    num_classes: int | None = None,
    rng: np.random.Generator,
) -> Mixed:
    """Paste into images `(B, C, H, W)`; targets are `(B, C)` or classes `(B,)` with `num_classes`."""
    height, width = images.shape[-2:]
    amount, partner = drawn_weight(rng, alpha, alpha), partners(images, rng)
    top, bottom, left, right = cut_box(height, width, amount, rng)
    pasted = images.clone()
    pasted[..., top:bottom, left:right] = images[partner, ..., top:bottom, left:right]
    soft = soft_targets(targets, num_classes)
    weight = weights_like(images, 1 - (bottom - top) * (right - left) / (height * width))
    return Mixed(pasted, mixed_targets(soft, soft[partner], weight, labels), partner, weight)


@MIXES.register("cutmix", kind="images, labels", paper="Yun et al. 2019", code="clovaai/CutMix-PyTorch")
@dataclass(frozen=True, kw_only=True)
class CutMix(MixStep):
    """Paste a rectangle of another image; labels mix by area."""

    alpha: float = 1.0
    labels: Labels = "weighted"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_alpha(self.alpha)

    def mix(self, images: Tensor, targets: Tensor, rng: np.random.Generator, num_classes: int | None) -> Mixed:
        """By `cutmix`."""
        return cutmix(images, targets, alpha=self.alpha, labels=self.labels, num_classes=num_classes, rng=rng)
