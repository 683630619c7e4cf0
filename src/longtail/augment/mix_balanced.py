"""Balanced-MixUp: images as the data has them, each with a little of an image drawn evenly over the classes.

Galdran et al., "Balanced-MixUp for highly imbalanced medical image classification", MICCAI 2021 (public code without a
licence: described, not copied). Two batches, from instance sampling and from class-aware sampling; a weight from
Beta(alpha, 1) multiplies the balanced image, so it is mostly small; alpha 0.1 to 0.3.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment import MIXES
from longtail.augment.mix_targets import (
    Labels,
    Mixed,
    blended,
    drawn_weight,
    mixed_targets,
    soft_targets,
    weights_like,
)
from longtail.augment.step import within
from longtail.errors import UserError


def balanced_mixup(
    images: Tensor,
    targets: Tensor,
    balanced_images: Tensor,
    balanced_targets: Tensor,
    *,
    alpha: float = 0.2,
    labels: Labels = "weighted",
    num_classes: int | None = None,
    rng: np.random.Generator,
) -> Mixed:
    """Blend a batch with one of as many class-balanced images; `partner` and `weight` are as in `Mixed`."""
    if images.shape != balanced_images.shape:
        raise UserError(
            f"the batch is {tuple(images.shape)} and the balanced one {tuple(balanced_images.shape)}; draw as many."
        )
    amount = 1 - drawn_weight(rng, alpha, 1.0)
    weight = weights_like(images, amount)
    own, other = soft_targets(targets, num_classes), soft_targets(balanced_targets, num_classes)
    partner = torch.arange(len(images), device=images.device)
    return Mixed(blended(images, balanced_images, amount), mixed_targets(own, other, weight, labels), partner, weight)


@MIXES.register("balanced_mixup", kind="images, labels", paper="Galdran et al. 2021", code="agaldran/balanced_mixup")
@dataclass(frozen=True, kw_only=True)
class BalancedMixup:
    """Mix into each image a little, Beta(`alpha`, 1), of one drawn evenly over the classes (a second sampler)."""

    alpha: float = 0.2
    labels: Labels = "weighted"

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 1e-3, 10)

    def __call__(
        self,
        images: Tensor,
        targets: Tensor,
        balanced_images: Tensor,
        balanced_targets: Tensor,
        *,
        rng: np.random.Generator,
        num_classes: int | None = None,
    ) -> Mixed:
        """By `balanced_mixup`."""
        return balanced_mixup(
            images,
            targets,
            balanced_images,
            balanced_targets,
            alpha=self.alpha,
            labels=self.labels,
            num_classes=num_classes,
            rng=rng,
        )
