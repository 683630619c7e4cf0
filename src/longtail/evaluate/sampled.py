"""A metric under resampling: its value, its value in each resample and without each block, and the interval of these.

Percentile and BCa intervals: Efron & Tibshirani 1993, chapters 13 and 14. The acceleration of BCa comes from leaving
out blocks of patients rather than single ones, which estimates the same number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Floats

Method = Literal["percentile", "bca"]

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Sampled:
    """K numbers: `value` `(K,)` of all rows, `draws` `(R, K)` of the resamples, `left_out` `(B, K)` of all blocks but
    one; nan where undefined.
    """  # fmt: skip

    value: Floats
    draws: Floats
    left_out: Floats

    def mapped(self, function: Callable[[Floats], Floats]) -> "Sampled":
        """Numbers made of these: `function` takes `(n, K)` to `(n, K')`."""
        return Sampled(function(self.value[None])[0], function(self.draws), function(self.left_out))

    def mean(self, members: npt.NDArray[Any] | Sequence[int] | slice = slice(None)) -> "Sampled":
        """The mean over those of the numbers that are defined for all rows; K is 1.

        The numbers are the same in every resample: one that a resample leaves undefined (no positive was drawn) keeps
        its value there. Left out, rare labels, which score low, would lift the mean of just those resamples.
        """
        held = self.value[members]

        def means(values: Floats) -> Floats:
            kept = values[:, members]
            return _means(np.where(np.isnan(kept) | np.isnan(held), held, kept))[:, None]

        return self.mapped(means)

    def centred(self) -> "Sampled":
        """The resamples less their bias: moved so that their mean is the value (Efron & Tibshirani 1993, chapter 10).

        For means over labels: a positive that is drawn twice lifts its label's AP, and over many labels with few
        positives that is more than the mean varies. Without, the truth lies below the interval (`coverage.py`).
        """
        known = ~np.isnan(self.draws)
        sums = np.where(known, self.draws, 0).sum(axis=0)
        bias = sums / np.maximum(known.sum(axis=0), 1) - self.value
        return Sampled(self.value, self.draws - bias, self.left_out)

    def unsure(self, few: npt.NDArray[np.bool_]) -> "Sampled":
        """The same values; no resamples, and so no interval and no p-value, where there are too `few` units `(K,)`."""
        return Sampled(self.value, np.where(few, np.nan, self.draws), self.left_out)

    def minus(self, other: "Sampled") -> "Sampled":
        """The difference of two metrics under the same resamples."""
        return Sampled(self.value - other.value, self.draws - other.draws, self.left_out - other.left_out)

    def bounds(self, level: float = 0.95, method: Method = "percentile") -> tuple[Floats, Floats]:
        """Low and high end of each number's interval, `(K,)` each, over the resamples in which it is defined."""
        require_method(method)
        columns = zip(self.value, self.draws.T, self.left_out.T, strict=True)
        found = np.array([_bounds(*column, level, method) for column in columns]).reshape(-1, 2)
        return found[:, 0], found[:, 1]


def require_method(method: str) -> None:
    """Refuse a method that there is not."""
    if method not in get_args(Method):
        raise unknown_name("method", method, get_args(Method))


def require_level(level: float) -> None:
    """Refuse per cent where a fraction is meant."""
    if not 0 < level < 1:
        raise UserError(f"level {level} is not between 0 and 1; give a fraction such as 0.95.")


def _means(values: Floats) -> Floats:
    """The mean over the defined values of each row, `(n, K)` to `(n,)`."""
    known = ~np.isnan(values)
    over = known.sum(axis=1)
    return np.where(over > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(over, 1), np.nan)


def _bounds(value: float, draws: Floats, left_out: Floats, level: float, method: str) -> Floats:
    defined = draws[~np.isnan(draws)]
    if np.isnan(value) or not len(defined):
        return np.full(2, np.nan)
    sides = [(1 - level) / 2, (1 + level) / 2]
    return np.quantile(defined, _corrected(value, defined, left_out, sides) if method == "bca" else sides)


def _corrected(value: float, draws: Floats, left_out: Floats, sides: list[float]) -> list[float]:
    """Which quantiles BCa takes; the plain ones where every draw lies on one side of the value."""
    below = float(np.mean(draws < value) + np.mean(draws == value) / 2)
    if not 0 < below < 1:
        return sides
    bias, bend = _NORMAL.inv_cdf(below), _acceleration(left_out)
    found = []
    for side in sides:
        z = bias + _NORMAL.inv_cdf(side)
        found.append(_NORMAL.cdf(bias + z / max(1 - bend * z, 1e-3)))
    return found


def _acceleration(left_out: Floats) -> float:
    known = left_out[~np.isnan(left_out)]
    apart = known.mean() - known if len(known) else known
    square = float((apart**2).sum())
    return float((apart**3).sum()) / (6 * square**1.5) if square > 0 else 0.0
