"""Which rows a bootstrap resample holds, how often: groups (patients) drawn with replacement, as weights of rows."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Integers


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


def _missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas' NA is neither equal nor unequal
        return True


def resample_counts(groups: int, resamples: int, seed: int) -> Iterator[Integers]:
    """How often each of the groups is in each resample, `(groups,)` a time; resample r of a seed is always the same."""
    for r in range(resamples):
        drawn = np.random.default_rng([seed, r]).integers(groups, size=groups)
        yield np.bincount(drawn, minlength=groups).astype(np.int64)
