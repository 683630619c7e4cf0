"""Two runs on the same rows: differences with paired intervals, from resamples that both runs share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate import bootstrap
from longtail.evaluate.intervals import Metric
from longtail.report.scoring import Scored

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Second minus first: of the mean, with its interval, and of each label `(C,)`; `rows` both have."""

    metric: str
    mean: float
    mean_low: float
    mean_high: float
    value: Floats
    low: Floats
    high: Floats
    rows: int
    better: int  # labels whose interval lies above zero
    worse: int


def paired_difference(
    first: Scored, second: Scored, metric: Metric = "ap", *, resamples: int = 1000, seed: int = 0
) -> Difference | None:
    """The difference on the rows (and labels) that both have; None where there are none, or the labels differ."""
    if first.labels != second.labels or first.level != second.level:
        return None
    _, one, two = np.intersect1d(first.rows, second.rows, return_indices=True)
    if not len(one) or not _same_truth(first, second, one, two):
        return None
    groups = None if first.grouped_by is None else first.setting.rows.index
    own = None if groups is None else groups[one]
    a = bootstrap(first.states[one], first.values[one], metric, own, resamples, seed)
    b = bootstrap(second.states[two], second.values[two], metric, own, resamples, seed)
    draws, means = b.draws - a.draws, b.mean_draws - a.mean_draws
    bounds = np.array([_bounds(column) for column in (*draws.T, means)])
    low, high = bounds[:-1, 0], bounds[:-1, 1]
    mean_low, mean_high = map(float, bounds[-1])
    better, worse = int((low > 0).sum()), int((high < 0).sum())
    mean, value = b.mean - a.mean, b.value - a.value
    return Difference(metric, mean, mean_low, mean_high, value, low, high, len(one), better, worse)


def _same_truth(first: Scored, second: Scored, one: Any, two: Any) -> bool:
    return np.array_equal(first.states[one], second.states[two], equal_nan=True)


def _bounds(values: Floats) -> Any:
    defined = values[~np.isnan(values)]
    return np.quantile(defined, [0.025, 0.975]) if len(defined) else np.full(2, np.nan)
