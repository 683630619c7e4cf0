"""Two runs on the same rows: differences with paired intervals, from resamples that both runs share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.few import few_units
from longtail.evaluate.intervals import Metric
from longtail.evaluate.resampling import group_index, sampled
from longtail.evaluate.results import Bounds, Number
from longtail.evaluate.weighings import ranking
from longtail.report.scoring import Scored

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Second minus first: of the mean, with its interval, and of each label `(C,)`; `rows` both have."""

    metric: str
    mean: Number
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
    index, units = group_index(None if groups is None else groups[one], len(one))
    sides = {"first": (first, one), "second": (second, two)}
    needed = {name: ranking(run.states[rows], run.values[rows], index, metric) for name, (run, rows) in sides.items()}
    found = sampled(needed, units, resamples, seed, blocks=0)
    apart = found["second"].minus(found["first"])
    few = few_units(first.states[one], index)
    low, high = apart.unsure(few).bounds()
    better, worse = int((low > 0).sum()), int((high < 0).sum())
    return Difference(metric, Bounds().mean(apart, few=few), apart.value, low, high, len(one), better, worse)


def _same_truth(first: Scored, second: Scored, one: Any, two: Any) -> bool:
    return np.array_equal(first.states[one], second.states[two], equal_nan=True)
