"""Percentile bootstrap intervals of AP or AUROC, for each label and the mean, resampling groups (patients).

A resample (Efron & Tibshirani 1993, chapters 6 and 13) is a weight for each row, so the scores are sorted once and each
resample costs one pass over the rows per label (`weighted`), or less: several resamples' weights are packed into one
number (`packing`). Sums are of whole numbers, so every resample is exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Floats, Integers, checked
from longtail.evaluate.defined import macro
from longtail.evaluate.packing import Packed, packed
from longtail.evaluate.resampling import group_index, resample_counts
from longtail.evaluate.weighted import BinnedLabel, binned_labels, weighted_ap, weighted_auroc

Metric = Literal["ap", "auroc"]

_METRICS = {"ap": weighted_ap, "auroc": weighted_auroc}
_AT_ONCE = 12  # resamples drawn at once: whole words of 2, 3 or 4


@dataclass(frozen=True)
class Intervals:
    """Values of all rows with their intervals; nan where a label is undefined.

    `value`, `low`, `high`, `defined` (resamples in which the label is defined; the interval is over those) are `(C,)`.
    `draws` `(resamples, C)` and `mean_draws` `(resamples,)` are the resamples' own values.
    """

    metric: str
    value: Floats
    low: Floats
    high: Floats
    defined: Integers
    mean: float
    mean_low: float
    mean_high: float
    mean_over: int
    level: float
    resamples: int
    groups: int
    draws: Floats
    mean_draws: Floats


def bootstrap(
    target: npt.ArrayLike,
    score: npt.ArrayLike,
    metric: Metric = "ap",
    groups: npt.ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    *,
    level: float = 0.95,
    progress: Callable[[int], object] | None = None,
) -> Intervals:
    """Intervals from targets `(N, C)` in {0, 1, nan}, scores, and each row's group `(N,)` (None: each row alone).

    A resample's mean is over the labels that are defined in it. `progress` is called with the number of resamples done.
    """
    _require_sensible(metric, resamples, level)
    states, scores = checked(target, score)
    _require_rows(len(states))
    index, count = group_index(groups, len(states))
    labels = binned_labels(states, scores)
    rows = np.ones((1, len(states)), dtype=np.int64)
    value = _values(labels, packed(rows), metric)[0]
    batches = _drawn(labels, index, resample_counts(count, resamples, seed), metric, progress)
    return _intervals(metric, value, np.concatenate(list(batches)), level, count)


def _drawn(
    labels: list[BinnedLabel | None],
    index: npt.NDArray[np.intp] | None,
    counts: Iterator[Integers],
    metric: str,
    progress: Callable[[int], object] | None,
) -> Iterator[Floats]:
    """The values `(r, C)` of a few resamples at a time."""
    while batch := list(islice(counts, _AT_ONCE)):
        weights = np.stack(batch) if index is None else np.stack([each[index] for each in batch])
        yield _values(labels, packed(weights), metric)
        if progress:
            progress(len(batch))


def _values(labels: list[BinnedLabel | None], weights: Packed, metric: str) -> Floats:
    """The metric `(r, C)` of every label under each of r weightings of the rows."""
    found = np.full((weights.count, len(labels)), np.nan)
    for i, label in enumerate(labels):
        if label is not None:
            found[:, i] = _METRICS[metric](label, weights)
    return found


def _intervals(metric: str, value: Floats, draws: Floats, level: float, groups: int) -> Intervals:
    sides = [(1 - level) / 2, (1 + level) / 2]
    means = np.array([macro(draw).value for draw in draws])
    bounds = np.array([_quantiles(column, sides) for column in (*draws.T, means)])
    mean, over = macro(value)
    return Intervals(
        metric=metric,
        value=value,
        low=bounds[:-1, 0],
        high=bounds[:-1, 1],
        defined=np.count_nonzero(~np.isnan(draws), axis=0).astype(np.int64),
        mean=mean,
        mean_low=float(bounds[-1, 0]),
        mean_high=float(bounds[-1, 1]),
        mean_over=over,
        level=level,
        resamples=len(draws),
        groups=groups,
        draws=draws,
        mean_draws=means,
    )


def _quantiles(values: Floats, sides: list[float]) -> Any:
    defined = values[~np.isnan(values)]
    return np.quantile(defined, sides) if len(defined) else np.full(len(sides), np.nan)


def _require_sensible(metric: str, resamples: int, level: float) -> None:
    if metric not in _METRICS:
        raise unknown_name("metric", metric, _METRICS)
    if resamples < 1:
        raise UserError(f"{resamples} resamples give no interval; give 1,000 or so.")
    if not 0 < level < 1:
        raise UserError(f"level {level} is not between 0 and 1; give a fraction such as 0.95.")


def _require_rows(rows: int) -> None:
    if not rows:
        raise UserError("there are no rows to resample; give predictions and targets of at least one row.")
