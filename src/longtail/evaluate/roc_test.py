"""DeLong's test of two correlated AUROCs: a check of the bootstrap, for rows that are independent of each other.

DeLong, DeLong & Clarke-Pearson, Biometrics 1988; the fast form from mid-ranks is Sun & Xu, IEEE SPL 2014
(github.com/yandexdataschool/roc_comparison).
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Booleans, Floats, checked


@dataclass(frozen=True)
class DeLong:
    """Per label `(C,)`: the difference of the AUROCs (first minus second), its standard error and two-sided p-value."""

    difference: Floats
    error: Floats
    p: Floats


def delong(target: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> DeLong:
    """Compare scores `(N, C)` and `(N, C)` on the same targets `(N, C)` in {0, 1, nan}; nan where undefined."""
    states, a = checked(target, first)
    _, b = checked(target, second)
    if a.shape != b.shape:
        raise UserError(f"the scores have shapes {a.shape} and {b.shape}; compare predictions of the same rows.")
    columns = range(states.shape[1])
    found = np.array([_of_label(states[:, c], a[:, c], b[:, c]) for c in columns]).reshape(-1, 3)
    return DeLong(found[:, 0], found[:, 1], found[:, 2])


def _of_label(state: npt.NDArray[Any], a: npt.NDArray[Any], b: npt.NDArray[Any]) -> tuple[float, float, float]:
    known = state == state
    positive: Booleans = np.equal(state[known], 1)
    hits, misses = int(positive.sum()), int((~positive).sum())
    if hits < 2 or misses < 2:
        return np.nan, np.nan, np.nan
    (above_a, below_a), (above_b, below_b) = (_placements(s[known], positive) for s in (a, b))
    difference = float(above_a.mean() - above_b.mean())
    variance = np.var(above_a - above_b, ddof=1) / hits + np.var(below_a - below_b, ddof=1) / misses
    error = float(np.sqrt(variance))
    if error == 0:
        return difference, 0.0, 1.0 if difference == 0 else 0.0
    return difference, error, 2 * NormalDist().cdf(-abs(difference) / error)


def _placements(score: npt.NDArray[Any], positive: Booleans) -> tuple[Floats, Floats]:
    """Each positive's share of negatives below it, and each negative's share of positives above it; ties half."""
    hits, misses = np.sort(score[positive]), np.sort(score[~positive])
    below = (misses.searchsorted(score[positive], "left") + misses.searchsorted(score[positive], "right")) / 2
    above = len(hits) - (hits.searchsorted(score[~positive], "left") + hits.searchsorted(score[~positive], "right")) / 2
    return below / len(misses), above / len(hits)
