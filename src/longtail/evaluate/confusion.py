"""The confusion matrix of one class per image, and the metrics that are functions of it alone.

The predicted class is the one with the highest score, the first of equals. A class without true rows has no recall and
no F1 (nan), and means over classes leave it out. Matthews correlation and kappa are nan where they divide by 0.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import unknown_name
from longtail.evaluate.arrays import Floats, Integers, ratio
from longtail.evaluate.classes import checked_classes
from longtail.evaluate.defined import Mean, macro


def confusion_matrix(target: npt.ArrayLike, score: npt.ArrayLike) -> Integers:
    """Counts `(C, C)`, true class by predicted class, from classes `(N,)` (-1 unknown) and scores `(N, C)`."""
    classes, scores = checked_classes(target, score)
    count = scores.shape[1]
    cells = classes * count + scores.argmax(axis=1)
    return np.bincount(cells, minlength=count * count).reshape(count, count).astype(np.int64)


def accuracy(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """The share of known rows whose predicted class is right."""
    matrix = confusion_matrix(target, score)
    return float(ratio(np.trace(matrix), matrix.sum()))


def class_recall(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """The share of each class's rows that are predicted as it, `(C,)`."""
    matrix = confusion_matrix(target, score)
    return ratio(np.diag(matrix), matrix.sum(axis=1))


def class_f1(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """F1 of each class, `(C,)`."""
    matrix = confusion_matrix(target, score)
    true, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    return np.where(true > 0, ratio(2 * np.diag(matrix), true + predicted), np.nan)


def balanced_accuracy(target: npt.ArrayLike, score: npt.ArrayLike) -> Mean:
    """The mean recall over the classes that have rows (mean class recall), and how many those are."""
    return macro(class_recall(target, score))


def macro_f1(target: npt.ArrayLike, score: npt.ArrayLike) -> Mean:
    """The mean F1 over the classes that have rows, and how many those are."""
    return macro(class_f1(target, score))


def matthews(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Matthews correlation for any number of classes (Gorodkin 2004)."""
    matrix = confusion_matrix(target, score).astype(np.float64)
    true, predicted, rows = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum()
    shared = np.trace(matrix) * rows - true @ predicted
    spread = (rows**2 - predicted @ predicted) * (rows**2 - true @ true)
    return float(ratio(shared, np.sqrt(spread)))


def kappa(
    target: npt.ArrayLike, score: npt.ArrayLike, weights: Literal["none", "linear", "quadratic"] = "none"
) -> float:
    """Cohen's kappa: agreement beyond chance; linear and quadratic weights suit ordered classes (grades)."""
    matrix = confusion_matrix(target, score)
    chance = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / max(matrix.sum(), 1)
    cost = _costs(len(matrix), weights)
    return float(1 - ratio((cost * matrix).sum(), (cost * chance).sum()))


def _costs(count: int, weights: str) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count))).astype(np.float64)
    kinds = {"none": np.sign(apart), "linear": apart, "quadratic": apart**2}
    if weights not in kinds:
        raise unknown_name("weights", weights, kinds)
    return kinds[weights]
