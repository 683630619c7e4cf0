"""Metrics as functions of weights, for resampling: from ranks (AP, AUROC), and from sums over rows (all others)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Floats
from longtail.evaluate.packing import MOST, Packed
from longtail.evaluate.resampling import Weighing
from longtail.evaluate.weighted import RUN, ranked_labels, weighted_ap, weighted_auroc

_Index = npt.NDArray[np.intp] | None
RANKED = {"ap": weighted_ap, "auroc": weighted_auroc}
_EXACT = 1 << 24  # whole numbers that float32 sums exactly


def ranking(states: npt.NDArray[Any], scores: npt.NDArray[Any], index: _Index, metric: str) -> Weighing:
    """AP or AUROC `(count, C)` of states and scores `(N, C)`; `index` `(N,)` is each row's unit."""
    of_label = RANKED[metric]

    def ranked(largest: int) -> list[Any]:
        return ranked_labels(states, scores, index, above=metric == "auroc", largest=largest)

    usual = ranked(MOST // RUN)

    def weigh(weights: Packed) -> Floats:
        labels = usual if weights.largest <= MOST // RUN else ranked(weights.largest)
        found = np.full((weights.count, len(labels)), np.nan)
        for i, label in enumerate(labels):
            if label is not None:
                found[:, i] = of_label(label, weights)
        return found

    return weigh


def sums(rows: npt.NDArray[Any], index: _Index, units: int) -> Weighing:
    """Sums over rows of `(N, K)` numbers; whole ones may come as bool or integers and stay exact."""
    whole = rows.dtype.kind in "biu" and len(rows) < _EXACT // MOST
    kind = np.float32 if whole else np.float64
    if index is None:
        totals = rows.astype(kind)
    else:
        totals = np.zeros((units, rows.shape[1]), dtype=kind)
        np.add.at(totals, index, rows.astype(kind))
    return lambda weights: np.asarray(np.matmul(weights.plain.astype(kind), totals), dtype=np.float64)


def cells(codes: npt.NDArray[np.int64], count: int, index: _Index) -> Weighing:
    """How often each of `count` codes occurs, `(n, count)`, from each row's code `(N,)`."""

    def weigh(weights: Packed) -> Floats:
        plain = weights.plain if index is None else weights.plain[:, index]
        return np.stack([np.bincount(codes, weights=each, minlength=count) for each in plain])

    return weigh
