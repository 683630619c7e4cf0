"""Mixup: every image is blended with another of its batch, and so are their labels.

Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018: one weight from Beta(alpha, alpha) for the batch,
alpha 1; MiSLAS uses 0.2 on large sets. Multi-label: the label vectors are mixed (for BCE), or united.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from longtail.augment import MIXES
from longtail.augment.mix_step import MixStep
from longtail.augment.mix_targets import (
    Labels,
    Mixed,
    blended,
    check_alpha,
    drawn_weight,
    mixed_targets,
    partners,
    soft_targets,
    weights_like,
)


def mixup(
    images: Tensor,
    targets: Tensor,
    *,
    alpha: float = 1.0,
    labels: Labels = "weighted",
    num_classes: int | None = None,
    rng: np.random.Generator,
) -> Mixed:
    """Blend float images `(B, ...)` and their targets, `(B, C)` or classes `(B,)` with `num_classes`."""
    amount, partner = drawn_weight(rng, alpha, alpha), partners(images, rng)
    soft, weight = soft_targets(targets, num_classes), weights_like(images, amount)
    mixed = mixed_targets(soft, soft[partner], weight, labels)
    return Mixed(blended(images, images[partner], amount), mixed, partner, weight)


@MIXES.register("mixup", kind="images, labels", paper="Zhang et al. 2018", code="described by MiSLAS")
@dataclass(frozen=True, kw_only=True)
class Mixup(MixStep):
    """Blend pairs of images and their labels by a weight from Beta(`alpha`, `alpha`)."""

    alpha: float = 1.0
    labels: Labels = "weighted"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_alpha(self.alpha)

    def mix(self, images: Tensor, targets: Tensor, rng: np.random.Generator, num_classes: int | None) -> Mixed:
        """By `mixup`."""
        return mixup(images, targets, alpha=self.alpha, labels=self.labels, num_classes=num_classes, rng=rng)
