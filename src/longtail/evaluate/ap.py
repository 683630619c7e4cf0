"""Average precision per label: exact, ties included, without ranking the negatives among themselves.

The mean, over the positives, of the precision at each one's score: scikit-learn's `average_precision_score` on every
label that has positives and negatives. Values alone are sorted (numpy's vectorised sort, as fast on floats as on their
bits), and positives alone are looked up.
"""

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Booleans, Floats, by_label, checked


def average_precision(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """AP `(C,)` from targets `(N, C)` in {0, 1, nan} and scores; nan without positives or without negatives."""
    return np.array([_of_label(*label) for label in by_label(*checked(target, score))], dtype=np.float64)


def _of_label(score: npt.NDArray[np.floating], positive: Booleans) -> float:
    if positive.all() or not positive.any():
        return np.nan
    rows, hits = np.sort(score), np.sort(score[positive])
    above = len(rows) - rows.searchsorted(hits)  # rows that score as high or higher
    hits_above = len(hits) - hits.searchsorted(hits)
    return float(np.mean(hits_above / above))
