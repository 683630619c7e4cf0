"""Eight weightings of the same rows in one array of 64-bit numbers, so that one pass over the rows sums all of them.

Each weighting has a field of 8 bits. Sums of a few rows stay inside the fields; running sums are then made in fields of
16 bits, whose overflow cancels in differences, and at last of 32 bits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Floats, Integers

Words = npt.NDArray[np.uint64]

FIELDS = 8
MOST = 255  # what a field of 8 bits holds
_EVERY = 256  # sums of so many full fields still fit 16 bits
_BYTES, _SHORTS, _LONGS = (np.uint64(mask) for mask in (0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x00000000FFFFFFFF))


@dataclass(frozen=True)
class Packed:
    """`count` (8 at most) weightings of U units (rows or patients): `words` `(U,)`, the largest weight, and the plain
    weights `(count, U)`.
    """  # fmt: skip

    words: Words
    count: int
    largest: int
    plain: Integers


def packed(weights: Integers) -> Packed:
    """Pack whole weights `(count, U)` from 0 to 255."""
    largest = int(weights.max(initial=0))
    if len(weights) > FIELDS or largest > MOST:
        raise ValueError(f"{len(weights)} weightings of up to {largest} do not fit {FIELDS} fields of up to {MOST}")
    words = np.zeros(weights.shape[1], dtype=np.uint64)
    for i, each in enumerate(weights):
        words |= each.astype(np.uint64) << np.uint64(8 * i)
    return Packed(words, len(weights), largest, weights)


def with_stops(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """The places `running` is asked for, and those between that keep its 16-bit sums from overflowing; rising."""
    return rising(np.concatenate([places, np.arange(0, length, _EVERY)]), length)


def rising(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """The distinct places from 0 to `length`, both among them; faster than `np.unique`."""
    marked = np.zeros(length + 1, dtype=bool)
    marked[places] = marked[0] = marked[-1] = True
    return np.flatnonzero(marked)


def running(values: Words, places: npt.NDArray[np.intp]) -> Floats:
    """Each field's sum of `values[:p]` at each of the places (from `with_stops`), `(8, places)`."""
    found = np.empty((FIELDS, len(places)))
    sums = np.zeros(len(values) + 1, dtype=np.uint64)
    for odd in (0, 1):
        np.cumsum((values >> np.uint64(8 * odd)) & _BYTES, out=sums[1:])
        between = np.diff(sums[places], prepend=np.uint64(0))
        for high in (0, 1):
            whole = np.cumsum((between >> np.uint64(16 * high)) & _SHORTS)
            found[odd + 2 * high] = (whole & _LONGS).view(np.int64)
            found[odd + 2 * high + 4] = (whole >> np.uint64(32)).view(np.int64)
    return found


def fields(values: Words) -> Floats:
    """Each field of the values, `(8, len(values))`."""
    return np.stack([((values >> np.uint64(8 * i)) & np.uint64(MOST)).view(np.int64) for i in range(FIELDS)]).astype(
        np.float64
    )
