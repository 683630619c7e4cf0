"""Normalisation in the list of steps: another mean and standard deviation than the backbone's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from longtail.augment import AUGMENTATIONS
from longtail.errors import UserError


@AUGMENTATIONS.register("normalize", kind="levels", code="torchvision Normalize")
@dataclass(frozen=True, kw_only=True)
class Normalize:
    """Subtract `mean` and divide by `std` (of levels in [0, 1], one number or one a channel); always the last step."""

    mean: float | Sequence[float]
    std: float | Sequence[float]

    def __post_init__(self) -> None:
        check_moments(self.mean, self.std)


def check_moments(mean: float | Sequence[float], std: float | Sequence[float]) -> tuple[list[float], list[float]]:
    """Both as lists; refuses a standard deviation that cannot be divided by and lists of unequal length."""
    found = [[float(v) for v in values] if isinstance(values, Sequence) else [float(values)] for values in (mean, std)]
    if not all(value > 0 for value in found[1]):
        raise UserError(f"'std' is {found[1]}; standard deviations are greater than 0.")
    if len(found[0]) != len(found[1]) and 1 not in map(len, found):
        raise UserError(f"'mean' has {len(found[0])} numbers and 'std' {len(found[1])}; give one for each channel.")
    return found[0], found[1]
