"""Labels whose positives or negatives are of so few patients that resampling cannot tell how sure a number is.

With positives of two or three patients, 95 % bootstrap intervals held a known truth in half to three quarters of trials
(`benchmarks/coverage.py`); with one, every resample that has it says nearly the same, and a chance looks certain.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.errors import plural
from longtail.evaluate.arrays import Booleans, Floats, Integers

FEW = 5  # with fewer there is no interval and no p-value

OF_POSITIVES = {"ap", "auroc", "f1", "precision", "recall", "f1_chosen", "precision_chosen", "recall_chosen"}
"""Metrics that rest on the positives alone, or on each positive against the negatives."""


def units_with(chosen: Booleans, index: npt.NDArray[np.intp] | None) -> Integers:
    """How many units have one of the chosen cells `(N, C)`, by label `(C,)`; `index` `(N,)` is each row's unit."""
    if index is None:
        return np.asarray(chosen.sum(axis=0), dtype=np.int64)
    return np.array([np.count_nonzero(np.bincount(index[column])) for column in chosen.T], dtype=np.int64)


def few_units(states: npt.NDArray[Any], index: npt.NDArray[np.intp] | None) -> Booleans:
    """Labels `(C,)` whose positives or negatives in states `(N, C)` are of fewer than five units."""
    least = np.minimum(units_with(np.equal(states, 1), index), units_with(np.equal(states, 0), index))
    few: Booleans = least < FEW
    return few


def mostly(few: Booleans, value: Floats) -> Booleans:
    """Whether most of the defined labels `(K,)` have too few units: `(1,)`, as a mean over them is."""
    defined = ~np.isnan(value)
    return np.array([2 * np.count_nonzero(few & defined) > np.count_nonzero(defined)])


def few_note(labels: Sequence[str], positives: Integers, few: Booleans, unit: str) -> list[str]:
    """Which labels that have positives get no interval, and why; nothing where all do."""
    named = [
        f"{label} ({count})" for label, count, is_few in zip(labels, positives, few, strict=True) if is_few and count
    ]
    if not named:
        return []
    return [
        f"no interval for {', '.join(named)}; in brackets: {plural(unit)} that have it. With positives or negatives of"
        f" fewer than {FEW} {plural(unit)}, resampling cannot tell how sure a number is."
    ]
