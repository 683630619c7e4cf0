"""How well each row orders its labels: LRAP, coverage error and ranking loss, over the labels known in that row.

As in scikit-learn: a row without positives, or with nothing else, is perfectly ordered (LRAP 1, ranking loss 0), and a
row without positives needs no labels for cover (0). A row with no known label is left out.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.ap import average_precision
from longtail.evaluate.arrays import Booleans, Floats, by_label, checked, ratio

_Chunk = tuple[npt.NDArray[Any], Booleans, Booleans]

_ROWS = 4096  # rows compared at once: their scores stay in the cache


def label_ranking_average_precision(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """LRAP of the whole matrix: per row, the mean over its positives of the positives' share among labels as high."""
    return _over_rows(target, score, _precision)


def coverage_error(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """How many labels, from the highest score down, cover all positives of a row; the mean over rows."""
    return _over_rows(target, score, _coverage)


def label_ranking_loss(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """The share of (positive, negative) pairs of a row in the wrong order or tied; the mean over rows."""
    return _over_rows(target, score, _disorder)


def lrap_columns(target: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """LRAP of each column taken as one row, `(C,)`: the stage-training paper's "mAP", for parity with it alone.

    It equals AP, except that a label without positives scores 1.0 (the author's 2024 `utils.get_score`).
    """
    states, scores = checked(target, score)
    empty = np.array([len(row) == 0 for row, _ in by_label(states, scores)], dtype=bool)
    found = average_precision(states, scores)
    return np.where(empty, np.nan, np.where(np.isnan(found), 1.0, found))


def _over_rows(target: npt.ArrayLike, score: npt.ArrayLike, of_rows: Callable[..., Floats]) -> float:
    states, scores = checked(target, score)
    values = [of_rows(*chunk) for chunk in _chunks(states, scores)]
    joined = np.concatenate(values) if values else np.empty(0)
    return float(joined.mean()) if len(joined) else np.nan


def _chunks(states: npt.NDArray[Any], scores: npt.NDArray[Any]) -> Iterator[_Chunk]:
    """Scores, positives and negatives of some rows that have a known label, label-major `(C, n)`."""
    for start in range(0, len(states), _ROWS):
        part = states[start : start + _ROWS]
        rows = (part == part).any(axis=1)
        kept = part[rows].T
        yield np.ascontiguousarray(scores[start : start + _ROWS][rows].T), kept == 1, kept == 0


def _precision(score: npt.NDArray[Any], positive: Booleans, negative: Booleans) -> Floats:
    total = np.zeros(score.shape[1])
    for i in range(len(score)):
        higher = score >= score[i]
        hits, misses = (higher & positive).sum(axis=0), (higher & negative).sum(axis=0)
        total += np.where(positive[i], hits / np.maximum(hits + misses, 1), 0.0)
    return np.where(positive.any(axis=0), ratio(total, positive.sum(axis=0)), 1.0)


def _coverage(score: npt.NDArray[Any], positive: Booleans, negative: Booleans) -> Floats:
    lowest = np.where(positive, score, np.inf).min(axis=0)
    return np.asarray(((score >= lowest) & (positive | negative)).sum(axis=0), dtype=np.float64)


def _disorder(score: npt.NDArray[Any], positive: Booleans, negative: Booleans) -> Floats:
    wrong = np.zeros(score.shape[1])
    for i in range(len(score)):
        wrong += np.where(positive[i], (negative & (score >= score[i])).sum(axis=0), 0)
    pairs = positive.sum(axis=0) * negative.sum(axis=0)
    return np.where(pairs > 0, wrong / np.maximum(pairs, 1), 0.0)
