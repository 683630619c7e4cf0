"""Area under the ROC curve per label: the chance that a positive scores above a negative, a tie counting half.

The Mann-Whitney form; scikit-learn's `roc_auc_score` on every label that has positives and negatives.
"""

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Booleans, Floats, by_label, checked


def auroc(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """AUROC `(C,)` from targets `(N, C)` in {0, 1, nan} and scores; nan without positives or without negatives."""
    return np.array([_of_label(*label) for label in by_label(*checked(target, score))], dtype=np.float64)


def _of_label(score: npt.NDArray[np.floating], positive: Booleans) -> float:
    if positive.all() or not positive.any():
        return np.nan
    rows, hits = np.sort(score), np.sort(score[positive])
    twice = _twice_below(rows, hits) - _twice_below(hits, hits)  # negatives below, ties half, as whole numbers
    return float(twice.mean() / 2 / (len(rows) - len(hits)))


def _twice_below(rows: npt.NDArray[np.floating], hits: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
    return rows.searchsorted(hits, side="left") + rows.searchsorted(hits, side="right")
