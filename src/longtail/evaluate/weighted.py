"""AP and AUROC of weighted rows from one sort: scikit-learn's `sample_weight` for many weightings of the same rows.

A row matters only by which positives it scores above, so each row gets the number of its bin between them once, and a
weighting costs one pass that adds each row's weight to its bin: in the order of the rows, without a sort or a gather.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Booleans, Floats, by_label, ratio
from longtail.evaluate.packing import Packed

_Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class BinnedLabel:
    """One label's rows, placed among its K thresholds: the distinct scores of its positives, rising.

    `bins` `(N,)` is 2j for a row below threshold j (and above those before), 2j + 1 for one at it, 2K above all, and
    2K + 1 where unknown. `hits` `(P,)` are the positive rows, `hit_bins` `(P,)` the threshold of each.
    """

    bins: _Rows
    hits: _Rows
    hit_bins: _Rows
    thresholds: int


def binned_labels(states: npt.NDArray[Any], scores: npt.NDArray[Any]) -> list[BinnedLabel | None]:
    """Every label of `(N, C)` arrays; None without positives or without negatives."""
    labels = by_label(states, scores)
    return [_binned(known, *label) for known, label in zip((states == states).T, labels, strict=True)]


def weighted_ap(label: BinnedLabel, weights: Packed) -> Floats:
    """AP under each weighting, `(count,)`; nan where it leaves no positives or no negatives."""
    rows, (gained, hits) = _rows_from(label, weights), _hits(label, weights)
    through, total = weights.unpacked(rows[:, 1:-1:2]), hits[:, 0]
    found = ratio((gained * (hits / np.maximum(through, 1))).sum(axis=1), total)
    return np.where(weights.unpacked(rows[:, :1])[:, 0] > total, found, np.nan)


def weighted_auroc(label: BinnedLabel, weights: Packed) -> Floats:
    """AUROC under each weighting, `(count,)`; nan where it leaves no positives or no negatives."""
    rows, (gained, hits) = _rows_from(label, weights), _hits(label, weights)
    total = hits[:, 0]
    negatives = weights.unpacked(rows[:, :1])[:, 0] - total
    through = weights.unpacked(rows[:, 1:-1:2]) - hits  # negatives that score as high or higher
    above = weights.unpacked(rows[:, 2::2]) - (hits - gained)
    below = negatives[:, None] - (above + through) / 2  # a tie counts half
    return ratio((gained * below).sum(axis=1), total * negatives)


def _rows_from(label: BinnedLabel, weights: Packed) -> Floats:
    """Each word's sum over known rows in bin i or above, `(W, 2K + 1)`."""
    bins = 2 * label.thresholds + 1
    sums = [np.bincount(label.bins, weights=word, minlength=bins)[:bins] for word in weights.words]
    return _from_above(np.stack(sums))


def _hits(label: BinnedLabel, weights: Packed) -> tuple[Floats, Floats]:
    """Each weighting's positives at each threshold, and at it or above, `(count, K)` each."""
    sums = [np.bincount(label.hit_bins, weights=word[label.hits], minlength=label.thresholds) for word in weights.words]
    gained = weights.unpacked(np.stack(sums))
    return gained, _from_above(gained)


def _from_above(values: Floats) -> Floats:
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _binned(known: Booleans, score: npt.NDArray[Any], positive: Booleans) -> BinnedLabel | None:
    if positive.all() or not positive.any():
        return None
    thresholds, hit_bins = np.unique(score[positive], return_inverse=True)
    place = thresholds.searchsorted(score)
    at = thresholds[np.minimum(place, len(thresholds) - 1)] == score
    bins = np.full(len(known), 2 * len(thresholds) + 1, dtype=np.intp)
    bins[known] = 2 * place + at
    return BinnedLabel(bins, np.flatnonzero(known)[positive], hit_bins.reshape(-1), len(thresholds))
