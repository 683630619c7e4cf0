"""Metrics of confusion matrices, many at once: `(n, C * C + 1)` counts, true class by predicted, then unknown rows."""

from collections.abc import Callable
from functools import partial

import numpy as np

from longtail.evaluate.arrays import Floats, ratio

Metric = Callable[[Floats], Floats]


def matrix_metrics(labels: int) -> dict[str, Metric]:
    """By name; `recall` and `f1` give `(n, C)`, the others `(n, 1)`."""
    kinds: dict[str, Metric] = {"recall": _recall, "f1": _f1, "accuracy": _accuracy, "matthews": _matthews}
    kinds |= {"kappa": partial(_kappa, power=0), "quadratic_kappa": partial(_kappa, power=2)}
    return {name: partial(_of_counts, of=of, labels=labels) for name, of in kinds.items()}


def _of_counts(counts: Floats, of: Metric, labels: int) -> Floats:
    return of(counts[:, :-1].reshape(-1, labels, labels))


def _right(matrix: Floats) -> Floats:
    return np.asarray(np.diagonal(matrix, axis1=1, axis2=2), dtype=np.float64)


def _recall(matrix: Floats) -> Floats:
    return ratio(_right(matrix), matrix.sum(axis=2))


def _f1(matrix: Floats) -> Floats:
    true, predicted = matrix.sum(axis=2), matrix.sum(axis=1)
    return np.where(true > 0, ratio(2 * _right(matrix), true + predicted), np.nan)


def _accuracy(matrix: Floats) -> Floats:
    return ratio(_right(matrix).sum(axis=1), matrix.sum(axis=(1, 2)))[:, None]


def _matthews(matrix: Floats) -> Floats:
    true, predicted, rows = matrix.sum(axis=2), matrix.sum(axis=1), matrix.sum(axis=(1, 2))
    shared = _right(matrix).sum(axis=1) * rows - (true * predicted).sum(axis=1)
    spread = (rows**2 - (predicted**2).sum(axis=1)) * (rows**2 - (true**2).sum(axis=1))
    return ratio(shared, np.sqrt(spread))[:, None]


def _kappa(matrix: Floats, power: int) -> Floats:
    true, predicted, rows = matrix.sum(axis=2), matrix.sum(axis=1), matrix.sum(axis=(1, 2))
    apart = np.abs(np.subtract.outer(np.arange(matrix.shape[1]), np.arange(matrix.shape[1]))).astype(np.float64)
    cost = apart**power if power else np.sign(apart)
    chance = np.einsum("ni,ij,nj->n", true, cost, predicted) / np.maximum(rows, 1)
    return 1 - ratio((matrix * cost).sum(axis=(1, 2)), chance)[:, None]
