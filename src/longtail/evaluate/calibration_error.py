"""Three calibration errors that share a name in the literature and must not share a table, over 15 equal-width bins.

`expected_calibration_error`: per class, does what is said to have probability p happen in p of the cases (the default).
`ece_cxrlt_style`: |p - [the decision at .5 is right]| with p not flipped for negatives. Inferred: only this form gives
the scale and the order of the CXR-LT leaderboard, whose program was not published; a calibrated model has about .7.
`ece_top_label`: confidence max(p, 1 - p) against being right; `ece_top_class` is the same for one class per image
(Guo et al. 2017, github.com/gpleiss/temperature_scaling). A bin is (lower, upper], and 0 lies in the first.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Booleans, Floats, by_label, checked_probabilities
from longtail.evaluate.classes import checked_classes


def expected_calibration_error(target: npt.ArrayLike, score: npt.ArrayLike, bins: int = 15) -> Floats:
    """Per-class reliability error `(C,)` of probabilities `(N, C)`; nan only where no row is known."""
    return _per_label(target, score, bins, lambda p, y: (p, y))


def ece_cxrlt_style(target: npt.ArrayLike, score: npt.ArrayLike, bins: int = 15) -> Floats:
    """The CXR-LT leaderboard's kind `(C,)`: comparable with that board alone, and not with other calibration errors."""
    return _per_label(target, score, bins, lambda p, y: (p, (p >= 0.5) == y))


def ece_top_label(target: npt.ArrayLike, score: npt.ArrayLike, bins: int = 15) -> Floats:
    """Confidence in the decision at .5 against how often it is right, `(C,)`."""
    return _per_label(target, score, bins, lambda p, y: (np.maximum(p, 1 - p), (p >= 0.5) == y))


def ece_top_class(target: npt.ArrayLike, score: npt.ArrayLike, bins: int = 15) -> float:
    """Confidence in the likeliest class against how often it is right: classes `(N,)`, probabilities `(N, C)`."""
    classes, scores = checked_classes(target, score)
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
        raise UserError("a score is outside [0, 1]; calibration needs probabilities: for logits, apply softmax first.")
    return _gap(scores.max(axis=1), scores.argmax(axis=1) == classes, _inner_edges(bins))


def _per_label(
    target: npt.ArrayLike, score: npt.ArrayLike, bins: int, pair: Callable[[Floats, Booleans], tuple[Floats, Booleans]]
) -> Floats:
    edges = _inner_edges(bins)
    labels = by_label(*checked_probabilities(target, score))
    return np.array([_gap(*pair(s.astype(np.float64), p), edges) for s, p in labels], dtype=np.float64)


def _gap(confidence: Floats, right: Booleans, inner_edges: Floats) -> float:
    """Over bins, the mean of |mean confidence - share right|, each bin weighing as many rows as it has."""
    if not len(confidence):
        return np.nan
    index = inner_edges.searchsorted(confidence, side="left")
    return float(np.abs(np.bincount(index, weights=confidence - right)).sum() / len(confidence))


def _inner_edges(bins: int) -> Floats:
    if bins < 1:
        raise UserError(f"{bins} bins cannot hold anything; give 1 or more (15 is usual).")
    return np.linspace(0, 1, bins + 1)[1:-1]
