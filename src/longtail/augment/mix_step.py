"""What a mix of a recipe is: a frozen dataclass of settings, called with the batch and the generator of its step."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment.mix_targets import Mixed, soft_targets, weights_like
from longtail.augment.step import within


@dataclass(frozen=True, kw_only=True)
class MixStep(ABC):
    """Settings of a mix of one batch with itself; each batch gets it with `probability`."""

    probability: float = 1.0

    def __post_init__(self) -> None:
        within("probability", self.probability, 0, 1)

    def __call__(
        self, images: Tensor, targets: Tensor, *, rng: np.random.Generator, num_classes: int | None = None
    ) -> Mixed:
        """The batch mixed, or as it is; targets are `(B, C)` floats either way."""
        if rng.random() < self.probability:
            return self.mix(images, targets, rng, num_classes)
        partner = torch.arange(len(images), device=images.device)
        return Mixed(images, soft_targets(targets, num_classes), partner, weights_like(images, 1.0))

    @abstractmethod
    def mix(self, images: Tensor, targets: Tensor, rng: np.random.Generator, num_classes: int | None) -> Mixed:
        """The batch mixed."""


def step_generator(seed: int, epoch: int, step: int) -> np.random.Generator:
    """The generator of one training step: the same whenever that step is taken again."""
    numbers: Sequence[int] = (seed, epoch, step)
    return np.random.default_rng(np.random.SeedSequence(numbers))
