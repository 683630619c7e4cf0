"""The points of precision-recall, ROC and reliability curves of one label, few enough for a page."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_MOST = 60  # points of a curve: finer than a small plot shows


class Reliability(NamedTuple):
    """Per bin that has rows: mean probability, share of positives, rows."""

    said: Floats
    found: Floats
    rows: npt.NDArray[np.int64]


def pr_points(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Recall and precision `(K,)` from the highest threshold down; empty where the label is undefined."""
    true, false, positives, negatives = _cumulative(target, score)
    if not (positives and negatives):
        return np.zeros(0), np.zeros(0)
    return _thinned(true / positives, true / (true + false))


def roc_points(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats]:
    """False and true positive rate `(K,)`, from (0, 0); empty where the label is undefined."""
    true, false, positives, negatives = _cumulative(target, score)
    if not (positives and negatives):
        return np.zeros(0), np.zeros(0)
    return _thinned(np.r_[0, false / negatives], np.r_[0, true / positives])


def reliability_points(target: npt.ArrayLike, score: npt.ArrayLike, bins: int = 10) -> Reliability:
    """How often what was said to have probability p was found, in bins of equal width."""
    states, scores = _known(target, score)
    index = np.clip(np.ceil(scores * bins).astype(np.int64) - 1, 0, bins - 1)
    rows = np.bincount(index, minlength=bins)
    some = rows > 0
    said = np.bincount(index, weights=scores, minlength=bins)[some] / rows[some]
    found = np.bincount(index, weights=states, minlength=bins)[some] / rows[some]
    return Reliability(said, found, rows[some].astype(np.int64))


def _known(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Floats, Floats]:
    states, scores = np.asarray(target, np.float64), np.asarray(score, np.float64)
    known = ~np.isnan(states)
    return states[known], scores[known]


def _cumulative(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[Any, Any, float, float]:
    """True and false positives at each distinct score, from the highest; all positives and negatives."""
    states, scores = _known(target, score)
    order = np.argsort(-scores, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(scores[order])), len(order) - 1] if len(order) else np.zeros(0, np.int64)
    true, false = np.cumsum(states[order])[last], np.cumsum(1 - states[order])[last]
    return true, false, float(states.sum()), float(len(states) - states.sum())


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The points that are needed: at most `_MOST`, spread along the curve's length, the ends always."""
    if len(x) <= _MOST:
        return x, y
    way = np.r_[0, np.cumsum(np.hypot(np.diff(x), np.diff(y)))]
    picked = np.unique(np.searchsorted(way, np.linspace(0, way[-1], _MOST)).clip(0, len(x) - 1))
    return x[picked], y[picked]
