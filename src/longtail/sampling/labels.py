"""The rows of each label, for one label per image and for several alike."""

from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError

Rows = npt.NDArray[np.int64]
Chances = npt.NDArray[np.float64]


def rows_by_label(targets: npt.ArrayLike) -> list[Rows]:
    """The rows having each label, ascending, from states `(N, C)` or classes `(N,)`; unknown (nan, -1) is in none."""
    array = _checked(targets)
    if array.ndim == 2:
        columns, rows = np.nonzero((array == 1).T)
        return np.split(rows, np.searchsorted(columns, np.arange(1, array.shape[1])))
    order = np.argsort(array, kind="stable")
    bounds = np.searchsorted(array[order], np.arange(int(array.max(initial=-1)) + 2))
    return np.split(order, bounds)[1:-1]


def num_rows(targets: npt.ArrayLike) -> int:
    """How many rows there are."""
    return len(_checked(targets))


def row_chances(rows: list[Rows], by_label: Chances, count: int) -> Chances:
    """Each of `count` rows' chance, `(N,)`, when a label is drawn by chances `(C,)` and then one of its rows."""
    chances = np.zeros(count)
    for of_label, chance in zip(rows, by_label, strict=True):
        if len(of_label):
            chances[of_label] += chance / len(of_label)
    return chances


def label_chances(rows: list[Rows], weight: npt.ArrayLike) -> Chances:
    """`weight` `(C,)` as chances: labels without rows get none, the others sum to 1."""
    there = np.array([len(of_label) > 0 for of_label in rows], dtype=bool)
    if not there.any():
        raise UserError("no row has a label, so there is nothing to balance; use the sampler 'instance'.")
    kept = np.where(there, np.broadcast_to(np.asarray(weight, dtype=np.float64), there.shape), 0.0)
    return np.asarray(kept / kept.sum(), dtype=np.float64)


def counts_of(rows: list[Rows]) -> npt.NDArray[np.float64]:
    """Rows per label, `(C,)`, with 1 in place of 0 so that weights of empty labels are numbers."""
    return np.array([max(len(of_label), 1) for of_label in rows], dtype=np.float64)


def _checked(targets: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asarray(targets)
    if array.ndim == 2:
        return array
    if array.ndim != 1 or (len(array) and not np.issubdtype(array.dtype, np.integer)):
        raise UserError(
            f"targets have shape {array.shape} and type {array.dtype}; give states (N, C) or whole numbers (N,)."
        )
    return array.astype(np.int64)
