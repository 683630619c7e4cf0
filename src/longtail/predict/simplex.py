"""Probabilities of one class per image sum to 1; of several labels they are each their own."""

from typing import Any

import numpy as np
import numpy.typing as npt


def as_distribution(values: npt.NDArray[Any], task: str | None) -> npt.NDArray[np.float64]:
    """Values `(N, C)`, each row divided by its sum for a single-label task; a row of zeros becomes uniform."""
    values = np.asarray(values, dtype=np.float64)
    if task != "singlelabel":
        return values
    totals = values.sum(axis=1, keepdims=True)
    uniform = np.full(values.shape, 1 / values.shape[1])
    return np.asarray(np.divide(values, totals, out=uniform, where=totals > 0), dtype=np.float64)
