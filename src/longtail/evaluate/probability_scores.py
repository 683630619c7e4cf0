"""Brier score and log loss per label: how good the probabilities are, not only their order.

Defined for every label with a known row, positives or not.
"""

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Floats, by_label, checked_probabilities


def brier(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """Mean squared error of the probabilities, `(C,)`, over the known rows."""
    labels = by_label(*checked_probabilities(target, score))
    return np.array([_mean((s.astype(np.float64) - p) ** 2) for s, p in labels], dtype=np.float64)


def log_loss(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """Mean negative log-likelihood, `(C,)`; clipped, like scikit-learn's, by the epsilon of the scores' type."""
    labels = by_label(*checked_probabilities(target, score))
    return np.array([_mean(_surprise(s, p)) for s, p in labels], dtype=np.float64)


def _surprise(score: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> Floats:
    tiny = np.finfo(score.dtype).eps
    kept = np.clip(score, tiny, 1 - tiny).astype(np.float64)
    return np.asarray(-np.log(np.where(positive, kept, 1 - kept)))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else np.nan
