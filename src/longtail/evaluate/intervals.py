"""Bootstrap intervals of AP or AUROC, for each label and the mean, resampling groups (patients).

A resample (Efron & Tibshirani 1993, chapters 6 and 13) is a weight for each row, so the scores are sorted once and each
resample costs one pass over the rows per label (`weighted`), shared by eight resamples (`packing`). Sums are of whole
numbers, so every resample is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import unknown_name
from longtail.evaluate.arrays import Floats, Integers, checked
from longtail.evaluate.defined import macro
from longtail.evaluate.resampling import BLOCKS, group_index, sampled
from longtail.evaluate.sampled import Method, Sampled, require_level, require_method
from longtail.evaluate.weighings import RANKED, ranking

Metric = Literal["ap", "auroc"]


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
    method: Method = "percentile"


def bootstrap(
    target: npt.ArrayLike,
    score: npt.ArrayLike,
    metric: Metric = "ap",
    groups: npt.ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    *,
    level: float = 0.95,
    method: Method = "percentile",
    progress: Callable[[int], object] | None = None,
) -> Intervals:
    """Intervals from targets `(N, C)` in {0, 1, nan}, scores, and each row's group `(N,)` (None: each row alone).

    The mean is over the same labels in every resample, its interval less the resamples' bias. `progress` is called with
    the number of resamples done.
    """
    if metric not in RANKED:
        raise unknown_name("metric", metric, RANKED)
    require_level(level)
    require_method(method)
    states, scores = checked(target, score)
    index, count = group_index(groups, len(states))
    blocks = BLOCKS if method == "bca" else 0
    weighings = {metric: ranking(states, scores, index, metric)}
    done = sampled(weighings, count, resamples, seed, blocks=blocks, progress=progress)[metric]
    return _intervals(metric, done, level, method, count)


def _intervals(metric: str, done: Sampled, level: float, method: Method, groups: int) -> Intervals:
    mean, over = macro(done.value)
    low, high = done.bounds(level, method)
    means = done.mean()
    mean_low, mean_high = means.centred().bounds(level, method)
    return Intervals(
        metric=metric,
        value=done.value,
        low=low,
        high=high,
        defined=np.count_nonzero(~np.isnan(done.draws), axis=0).astype(np.int64),
        mean=mean,
        mean_low=float(mean_low[0]),
        mean_high=float(mean_high[0]),
        mean_over=over,
        level=level,
        resamples=len(done.draws),
        groups=groups,
        draws=done.draws,
        mean_draws=means.draws[:, 0],
        method=method,
    )
