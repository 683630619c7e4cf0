"""p-values: of a bootstrap, and Holm's correction where several labels are tested at once (Holm 1979)."""

import math

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Floats


def bootstrap_p(draws: Floats) -> Floats:
    """Two-sided p-values `(K,)` that a difference is 0, from its resamples `(R, K)`: twice the smaller side's share.

    One is added to counts, so that no finite number of resamples gives 0 (Davison & Hinkley 1997, 4.2).
    """
    known = np.count_nonzero(~np.isnan(draws), axis=0)
    low, high = np.count_nonzero(draws <= 0, axis=0), np.count_nonzero(draws >= 0, axis=0)
    p = np.minimum(2 * (np.minimum(low, high) + 1) / (known + 1), 1.0)
    return np.where(known > 0, p, np.nan)


def holm(p: npt.ArrayLike) -> Floats:
    """Corrected p-values `(K,)`: the chance of any false finding stays below them; nan stays nan and is not counted."""
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")  # nan last
    tests = int(np.count_nonzero(~np.isnan(values)))
    found = np.full(values.shape, np.nan)
    steps = values[order[:tests]] * np.arange(tests, 0, -1)
    found[order[:tests]] = np.minimum(np.maximum.accumulate(steps), 1.0) if tests else steps
    return found


def needed_resamples(comparisons: int, confidence: float) -> int:
    """How many resamples it takes for one of so many comparisons to be clear after Holm's correction.

    The smallest p of R resamples is 2 / (R + 1); with these it stays below half of what the correction leaves.
    """
    return math.ceil(round(4 * comparisons / (1 - confidence), 6))  # rounded: 1 - .95 is a little above .05


def usual_resamples(comparisons: int, confidence: float) -> int:
    """1,000 resamples, more where so many comparisons need them, and 20,000 at most."""
    return min(max(1000, needed_resamples(comparisons, confidence)), 20_000)
