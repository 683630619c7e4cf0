"""True and false decisions per label at a threshold: the four counts that F1, precision and recall are made of."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Integers, checked


class Outcomes(NamedTuple):
    """Counts `(C,)` over the rows where the label is known."""

    true_positives: Integers
    false_positives: Integers
    false_negatives: Integers
    true_negatives: Integers


def outcomes(target: npt.ArrayLike, score: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> Outcomes:
    """Count decisions `score >= threshold`; the threshold is one number or one per label `(C,)`."""
    states, scores = checked(target, score)
    decided = scores >= _thresholds(threshold, scores.shape[1])
    positive, negative = states == 1, states == 0
    parts = (decided & positive, decided & negative, ~decided & positive, ~decided & negative)
    return Outcomes(*(np.count_nonzero(part, axis=0).astype(np.int64) for part in parts))


def _thresholds(threshold: npt.ArrayLike, labels: int) -> npt.NDArray[np.float64]:
    array = np.asarray(threshold, dtype=np.float64)
    if array.ndim and array.shape != (labels,):
        raise UserError(f"thresholds have shape {array.shape}; give one number or one for each of {labels} labels.")
    if np.isnan(array).any():
        raise UserError("a threshold is nan; give a number for each label.")
    return np.broadcast_to(array, (labels,))
