"""One class per image, checked: classes `(N,)` and scores `(N, C)` without the rows whose class is unknown (-1)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Integers


def checked_classes(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Integers, npt.NDArray[Any]]:
    """Known classes `(n,)` from 0 to C - 1, and their finite scores `(n, C)`."""
    classes, scores = np.asarray(target), np.asarray(score)
    if classes.ndim != 1 or scores.ndim != 2 or len(classes) != len(scores) or not scores.shape[1]:
        raise UserError(
            f"classes have shape {classes.shape} and scores {scores.shape};"
            " give classes (N,) and a score per class (N, C)."
        )
    if len(classes) and classes.dtype.kind not in "iu":
        raise UserError(f"classes have type {classes.dtype}; give whole numbers from 0, and -1 where unknown.")
    _require_in_range(classes, scores.shape[1])
    _require_finite(scores)
    known = classes >= 0
    return classes[known].astype(np.int64), scores[known]


def _require_in_range(classes: npt.NDArray[Any], count: int) -> None:
    wrong = (classes < -1) | (classes >= count)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UserError(
            f"row {row} (from 0) has class {classes[row]} and there are scores for {count} classes;"
            f" valid are 0 to {count - 1}, and -1 for unknown."
        )


def _require_finite(scores: npt.NDArray[Any]) -> None:
    finite = np.isfinite(scores)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise UserError(
            f"the score in column {column}, row {row} (from 0) is {scores[row, column]};"
            " scores are finite numbers; mend them or leave the row out."
        )
