"""Sensitivity at fixed specificity: how many positives are found when few negatives may be called positive."""

import math

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Booleans, Floats, by_label, checked


def sensitivity_at_specificity(target: npt.ArrayLike, score: npt.ArrayLike, specificity: float = 0.95) -> Floats:
    """The highest sensitivity `(C,)` over thresholds whose specificity is at least the given one; nan as for AUROC."""
    if not 0 <= specificity <= 1:
        raise UserError(f"specificity {specificity} is not in [0, 1]; give a fraction such as 0.95.")
    labels = by_label(*checked(target, score))
    return np.array([_of_label(*label, specificity) for label in labels], dtype=np.float64)


def _of_label(score: npt.NDArray[np.floating], positive: Booleans, specificity: float) -> float:
    if positive.all() or not positive.any():
        return np.nan
    negatives = np.sort(score[~positive])
    spare = math.floor(len(negatives) * (1 - specificity) + 1e-9)  # negatives that may be called positive
    if spare >= len(negatives):
        return 1.0
    return float(np.mean(score[positive] > negatives[len(negatives) - 1 - spare]))
