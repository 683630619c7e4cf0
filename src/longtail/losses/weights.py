"""Class weights from training counts, and the module that holds them (from a point of training on: DRW).

* Class-balanced: `(1 - beta) / (1 - beta^n_c)`, summing to C. Cui et al., "Class-Balanced Loss Based on Effective
  Number of Samples", CVPR 2019; public code richardaecn/class-balanced-loss. How near 1 `beta` is matters: for 5029 and
  86 images the ratio of the weights is 1.0, 1.7, 12 and 46 for 0.9, 0.99, 0.999 and 0.9999 (the counts': 58.5).
* Inverse: `n_c^-power`, with mean 1 over the classes (so they sum to C as well); power 1/2 is the usual softer form.
* Deferred re-weighting (DRW): no weights for the first part of training. Cao et al., "Learning Imbalanced Datasets with
  Label-Distribution-Aware Margin Loss", NeurIPS 2019, who switch at epoch 160 of 200.

A class without images has weight 0, and the others' weights still sum to C.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from longtail.errors import unknown_name
from longtail.losses.counts import Counts, as_counts
from longtail.losses.rows import require

WeightRule = Literal["inverse", "inverse_sqrt", "class_balanced"]
_RULES: tuple[str, ...] = get_args(WeightRule)


def class_balanced_weights(class_counts: Counts, *, beta: float = 0.9999) -> Tensor:
    """`(C,)` weights `(1 - beta) / (1 - beta^n_c)` that sum to C; `beta` 0 is no weighting, 1 is `1 / n_c`."""
    require(0 <= beta <= 1, f"beta is {beta}; it lies in [0, 1].")
    counts = as_counts(class_counts)
    if beta in (0, 1):
        return _normalised(counts, counts if beta else torch.ones_like(counts))
    return _normalised(counts, -torch.expm1(counts * math.log(beta)))  # the effective number, but for a factor


def inverse_weights(class_counts: Counts, *, power: float = 1.0) -> Tensor:
    """`(C,)` weights `n_c^-power` with mean 1 over the classes."""
    counts = as_counts(class_counts)
    return _normalised(counts, counts**power)


def _normalised(counts: Tensor, divisor: Tensor) -> Tensor:
    """`1 / divisor`, 0 for classes without images, scaled so that all sum to the number of classes; float32."""
    there = counts > 0
    weights = torch.where(there, 1 / torch.where(there, divisor, 1), 0)
    total = weights.sum()
    return (weights * (len(counts) / torch.where(total > 0, total, 1))).float()


def class_weights(
    rule: WeightRule | Sequence[float] | Tensor | None, class_counts: Counts | None, *, beta: float = 0.9999
) -> Tensor | None:
    """The weights `(C,)` that a recipe asks for: a rule's name, the weights themselves, or None for none."""
    if rule is None:
        return None
    if not isinstance(rule, str):
        return torch.as_tensor(rule, dtype=torch.float32)
    require(class_counts is not None, f"class_weight '{rule}' needs class_counts: the training images per class.")
    assert class_counts is not None
    if rule == "class_balanced":
        return class_balanced_weights(class_counts, beta=beta)
    if rule in ("inverse", "inverse_sqrt"):
        return inverse_weights(class_counts, power=1.0 if rule == "inverse" else 0.5)
    raise unknown_name("class_weight", rule, _RULES)


class ClassWeight(nn.Module):
    """Class weights that a loss asks for at each call: None before `start`, a fraction of training, is reached.

    The training loop tells how far it is with `set_progress(fraction)`; a loop that never does gets the weights only
    when `start` is 0.
    """

    values: Tensor | None

    def __init__(
        self,
        rule: WeightRule | Sequence[float] | Tensor | None,
        class_counts: Counts | None,
        *,
        beta: float = 0.9999,
        start: float = 0.0,
    ) -> None:
        super().__init__()
        require(0 <= start <= 1, f"weight_from is {start}; it is a fraction of training, in [0, 1].")
        self.register_buffer("values", class_weights(rule, class_counts, beta=beta), persistent=False)
        self.start, self.progress = start, 0.0

    def set_progress(self, fraction: float) -> None:
        """Tell how much of the training is done, 0 to 1."""
        self.progress = fraction

    def forward(self) -> Tensor | None:
        """The weights `(C,)` of now, or None."""
        return self.values if self.progress >= self.start else None
