"""Which rows a bootstrap resample holds, how often: units (patients, else rows) drawn with replacement, as weights.

The same seed and units give the same resamples, whatever is measured on them: that makes comparisons paired.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Floats, Integers
from longtail.evaluate.packing import FIELDS, Packed, packed
from longtail.evaluate.sampled import Sampled

Weighing = Callable[[Packed], Floats]  # the numbers (count, K) under each of the weightings
Name = TypeVar("Name")

BLOCKS = 200  # of units, each left out once: for the skewness that BCa corrects for


def sampled(
    weighings: Mapping[Name, Weighing],
    units: int,
    resamples: int,
    seed: int,
    *,
    blocks: int = BLOCKS,
    progress: Callable[[int], object] | None = None,
) -> dict[Name, Sampled]:
    """Every metric under the same resamples; `progress` is called with the number of resamples done."""
    _require_sensible(units, resamples)
    whole = packed(np.ones((1, units), dtype=np.int64))
    values = {name: weigh(whole)[0] for name, weigh in weighings.items()}
    draws = _weighed(weighings, resample_counts(units, resamples, seed), progress)
    left = _weighed(weighings, _blocks_left_out(units, min(blocks, units), seed), None)
    empty = {name: np.empty((0, len(value))) for name, value in values.items()}
    return {name: Sampled(values[name], draws[name], left.get(name, empty[name])) for name in weighings}


def group_index(groups: npt.ArrayLike | None, rows: int) -> tuple[npt.NDArray[np.intp] | None, int]:
    """Each row's group as a number `(N,)`, and how many groups; None when each row is its own."""
    if groups is None:
        return None, rows
    array = np.asarray(groups)
    if array.shape != (rows,):
        raise UserError(f"groups have shape {array.shape}; give one group (patient) for each of {rows:,} rows.")
    if any(map(_missing, array.tolist())):
        raise UserError("a row has no group; fill the group (patient) of each row, or leave groups out.")
    if array.dtype.kind == "O":
        array = array.astype(str)
    names, index = np.unique(array, return_inverse=True)
    return index.reshape(-1), len(names)


def resample_counts(groups: int, resamples: int, seed: int) -> Iterator[Integers]:
    """How often each of the groups is in each resample, `(groups,)` a time; resample r of a seed is always the same."""
    for r in range(resamples):
        drawn = np.random.default_rng([seed, r]).integers(groups, size=groups)
        yield np.bincount(drawn, minlength=groups).astype(np.int64)


def _blocks_left_out(units: int, blocks: int, seed: int) -> Iterator[Integers]:
    """All units but one random block of them, `(units,)` a time."""
    if blocks < 2:
        return
    block = np.random.default_rng(seed).permutation(units) % blocks
    for b in range(blocks):
        yield (block != b).astype(np.int64)


def _weighed(
    weighings: Mapping[Name, Weighing], weights: Iterator[Integers], progress: Callable[[int], object] | None
) -> dict[Name, Floats]:
    found: dict[Name, list[Floats]] = {}
    while batch := list(islice(weights, FIELDS)):
        words = packed(np.stack(batch))
        for name, weigh in weighings.items():
            found.setdefault(name, []).append(weigh(words))
        if progress:
            progress(len(batch))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas' NA is neither equal nor unequal
        return True


def _require_sensible(units: int, resamples: int) -> None:
    if not units:
        raise UserError("there are no rows to resample; give predictions and targets of at least one row.")
    if resamples < 1:
        raise UserError(f"{resamples} resamples give no interval; give 1,000 or so.")
