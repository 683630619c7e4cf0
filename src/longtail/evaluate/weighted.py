"""AP and AUROC of weighted rows from one sort: scikit-learn's `sample_weight` for many weightings of the same rows.

Rows are sorted by score once. Between two positives only the sum of the rows' weights matters, so a weighting costs one
pass that gathers the weights in that order and sums short runs of them, eight weightings at a time (`packing`); what
follows touches positives only. Sums are of whole numbers, hence exact.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Booleans, Floats, by_label, ratio
from longtail.evaluate.packing import MOST, Packed, Words, fields, rising, running, with_stops

_Places = npt.NDArray[np.intp]

_TOGETHER = 1024  # runs gathered at once
RUN = 16  # rows summed within 8 bits: enough for weights up to 15, which resamples practically never exceed


@dataclass(frozen=True)
class RankedLabel:
    """One label's known rows by falling score, as runs that no threshold cuts; P positives.

    `units` `(n,)` is each row's place in a weighting; `starts` where each run begins; `stops` the runs after which sums
    are wanted. `through` and `above` `(P,)` are, for each positive, the stops after all rows that score as high or
    higher, and higher (None unless asked for). `hits` `(P,)` are the positives' units, `hit_stops`, `hits_through` and
    `hits_above` the same for them.
    """

    units: _Places
    starts: _Places
    stops: _Places
    through: _Places
    above: _Places | None
    hits: _Places
    hit_stops: _Places
    hits_through: _Places
    hits_above: _Places | None


def ranked_labels(
    states: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    index: npt.NDArray[np.intp] | None,
    *,
    above: bool,
    largest: int = MOST // RUN,
) -> list[RankedLabel | None]:
    """Every label of `(N, C)` arrays for weights up to `largest`; None without positives or without negatives.

    `index` `(N,)` is each row's unit (patient), None when each row is its own. AUROC needs `above`.
    """
    units = np.arange(len(states)) if index is None else index
    labels = by_label(states, scores)
    return [
        _ranked(units[known], *label, above, max(MOST // largest, 1))
        for known, label in zip((states == states).T, labels, strict=True)
    ]


def weighted_ap(label: RankedLabel, weights: Packed) -> Floats:
    """AP under each weighting, `(count,)`; nan where it leaves no positives or no negatives."""
    rows, gained, hits = _sums(label, weights)
    total = hits[:, -1].copy()
    precise = hits[:, label.hits_through]
    precise /= np.maximum(rows[:, label.through], 1)
    precise *= gained
    return np.where(rows[:, -1] > total, ratio(precise.sum(axis=1), total), np.nan)[: weights.count]


def weighted_auroc(label: RankedLabel, weights: Packed) -> Floats:
    """AUROC under each weighting, `(count,)`; nan where it leaves no positives or no negatives."""
    if label.above is None or label.hits_above is None:
        raise ValueError("rank the labels with above=True")
    rows, gained, hits = _sums(label, weights)
    total = hits[:, -1]
    negatives = rows[:, -1] - total
    through = rows[:, label.through] - hits[:, label.hits_through]  # negatives that score as high or higher
    above = rows[:, label.above] - hits[:, label.hits_above]
    below = negatives[:, None] - (above + through) / 2  # a tie counts half
    return ratio((gained * below).sum(axis=1), total * negatives)[: weights.count]


def _sums(label: RankedLabel, weights: Packed) -> tuple[Floats, Floats, Floats]:
    """Running sums over all rows at the stops, each positive's weight, and running sums over the positives."""
    runs = _run_sums(label, weights.words)
    hits = weights.words.take(label.hits, mode="clip")
    return running(runs, label.stops), fields(hits), running(hits, label.hit_stops)


def _run_sums(label: RankedLabel, words: Words) -> Words:
    """Each run's sum; some runs at a time, so that what is gathered stays in the cache."""
    bounds = np.append(label.starts[::_TOGETHER], len(label.units))
    gathered, found = np.empty(np.diff(bounds).max(), dtype=np.uint64), np.empty(len(label.starts), dtype=np.uint64)
    for i, (start, end) in enumerate(pairwise(bounds)):
        part, runs = gathered[: end - start], slice(i * _TOGETHER, (i + 1) * _TOGETHER)
        words.take(label.units[start:end], out=part, mode="clip")
        np.add.reduceat(part, label.starts[runs] - start, out=found[runs])
    return found


def _ranked(units: _Places, score: npt.NDArray[Any], positive: Booleans, above: bool, run: int) -> RankedLabel | None:
    if positive.all() or not positive.any():
        return None
    order = np.argsort(-score)  # equal scores fall into one run: their order does not matter
    falling, places = -score[order], np.flatnonzero(positive[order])
    mine = falling[places]
    ends = falling.searchsorted(mine, side="right")
    begins = falling.searchsorted(mine, side="left") if above else ends
    starts = _runs(rising(np.concatenate([begins, ends]), len(order)), run)
    stops, through, before = _stops(starts.searchsorted(ends), starts.searchsorted(begins), len(starts))
    last, first = mine.searchsorted(mine, side="right"), mine.searchsorted(mine, side="left")
    hit_stops, hits_through, hits_before = _stops(last, first if above else last, len(mine))
    return RankedLabel(
        units=units[order],
        starts=starts,
        stops=stops,
        through=through,
        above=before if above else None,
        hits=units[order[places]],
        hit_stops=hit_stops,
        hits_through=hits_through,
        hits_above=hits_before if above else None,
    )


def _runs(cuts: _Places, run: int) -> _Places:
    """Where runs of at most `run` rows begin that no cut (0 and the number of rows among them) divides."""
    pieces = -(-np.diff(cuts) // run)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    return np.asarray(np.repeat(cuts[:-1], pieces) + (np.arange(pieces.sum()) - first) * run, dtype=np.intp)


def _stops(through: _Places, above: _Places, length: int) -> tuple[_Places, _Places, _Places]:
    """All stops, the end among them, and where `through` and `above` stand in these."""
    stops = with_stops(np.concatenate([through, above, [length]]), length)
    return stops, stops.searchsorted(through), stops.searchsorted(above)
