"""What the single-label losses share: unknown rows (-1), picking by class, and one meaning of `reduction`.

A loss gives a value per row, 0 where the row's target is unknown; `reduced_rows` makes "none", "sum" or "mean" of it.
"""

import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.losses.masking import Reduction, check_reduction

UNKNOWN = -1  # the single-label target of a row whose class nobody knows


def pick(values: Tensor, target: Tensor) -> Tensor:
    """`values[target]` of a `(C,)` tensor, `(B,)`; 0 for unknown rows."""
    return values[target.long().clamp(min=0)] * (target >= 0)


def reduced_rows(values: Tensor, mass: Tensor, reduction: Reduction) -> Tensor:
    """`(B,)` values as they are, summed, or summed and divided by the sum of `mass` `(B,)`; 0 where that is empty.

    Values and mass of unknown rows must be 0.
    """
    check_reduction(reduction)
    if reduction == "none":
        return values
    if reduction == "sum":
        return values.sum()
    return values.sum() / total_mass(mass)


def total_mass(mass: Tensor) -> Tensor:
    """What a mean divides by: the sum of `mass`, known rows or their weights; above 0, so that 0 / it is 0."""
    return mass.count_nonzero().clamp(min=1) if mass.dtype == torch.bool else mass.sum().clamp(min=1e-12)


def require(fine: bool, sentence: str) -> None:
    """Raise the sentence as the user's mistake unless `fine`."""
    if not fine:
        raise UserError(sentence)
