"""F1, precision, recall and specificity per label at a threshold: scikit-learn's, and nan where they are undefined.

A label without known positives has no F1, precision or recall; without known negatives, no specificity; and where
nothing is predicted, no precision: all nan, so that a mean over labels leaves them out.
"""

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Floats, ratio
from longtail.evaluate.decision_counts import outcomes


def f1(target: npt.ArrayLike, score: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> Floats:
    """F1 `(C,)` of decisions `score >= threshold` (one, or one per label); 0 where all positives are missed."""
    tp, fp, fn, _ = outcomes(target, score, threshold)
    return np.where(tp + fn > 0, ratio(2 * tp, 2 * tp + fp + fn), np.nan)


def precision(target: npt.ArrayLike, score: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> Floats:
    """Positives among those predicted, `(C,)`; nan where nothing is predicted or the label has no positives."""
    tp, fp, fn, _ = outcomes(target, score, threshold)
    return np.where(tp + fn > 0, ratio(tp, tp + fp), np.nan)


def recall(target: npt.ArrayLike, score: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> Floats:
    """Positives found (sensitivity), `(C,)`."""
    tp, _, fn, _ = outcomes(target, score, threshold)
    return ratio(tp, tp + fn)


def specificity(target: npt.ArrayLike, score: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> Floats:
    """Negatives left alone, `(C,)`."""
    _, fp, _, tn = outcomes(target, score, threshold)
    return ratio(tn, tn + fp)
