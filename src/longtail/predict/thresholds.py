"""Thresholds per label from validation scores: where F1, Youden's index, a fixed rate or a cost is best.

A decision is `score >= threshold`. Thresholds lie halfway between neighbouring scores; of equally good ones the highest
is taken. A label that lacks positives or negatives keeps .5 and is told. Youden 1950; costs: Elkan, IJCAI 2001.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Booleans, Floats, by_label, checked

Rule = Literal["f1", "youden", "sensitivity", "specificity", "cost"]
USUAL = 0.5


@dataclass(frozen=True)
class Chosen:
    """Thresholds `(C,)`, and which labels `(C,)` had positives and negatives to choose by."""

    thresholds: Floats
    defined: Booleans


@dataclass(frozen=True)
class _Counts:
    """Outcomes at each candidate threshold, highest first, `(K,)` each."""

    tp: Floats
    fp: Floats
    positives: int
    negatives: int


def choose_thresholds(
    target: npt.ArrayLike, score: npt.ArrayLike, rule: Rule = "f1", *, at: float = 0.9, miss_cost: float = 1.0
) -> Chosen:
    """A threshold for each label of targets `(N, C)` in {0, 1, nan} and scores.

    `sensitivity` takes the highest threshold that finds at least the share `at` of the positives, `specificity` the
    lowest that leaves at least `at` of the negatives alone; `cost` counts a miss as `miss_cost` false alarms.
    """
    if rule not in get_args(Rule):
        raise unknown_name("threshold rule", rule, get_args(Rule))
    if not 0 < at <= 1:
        raise UserError(f"the rate {at} is not in (0, 1]; give a fraction such as 0.9.")
    if not miss_cost > 0:
        raise UserError(f"a miss that costs {miss_cost} false alarms leaves nothing to choose; give more than 0.")
    best = _rules(at, miss_cost)[rule]
    found = [_of_label(*label, best) for label in by_label(*checked(target, score))]
    return Chosen(
        np.array([USUAL if t is None else t for t in found]), np.array([t is not None for t in found], dtype=bool)
    )


def _rules(at: float, miss_cost: float) -> dict[str, Callable[[_Counts], Floats]]:
    """How good each candidate is; the first of the best is taken."""
    enough = 1 - 1e-12
    return {
        "f1": lambda c: 2 * c.tp / (c.tp + c.fp + c.positives),
        "youden": lambda c: c.tp / c.positives - c.fp / c.negatives,
        "sensitivity": lambda c: np.asarray(c.tp / c.positives >= at * enough, dtype=np.float64),
        "specificity": lambda c: np.where(1 - c.fp / c.negatives >= at * enough, np.arange(len(c.fp)) + 1.0, 0.0),
        "cost": lambda c: -(miss_cost * (c.positives - c.tp) + c.fp),
    }


def _of_label(score: npt.NDArray[np.floating], positive: Booleans, best: Callable[[_Counts], Floats]) -> float | None:
    if positive.all() or not positive.any():
        return None
    order = np.argsort(-score, kind="stable")
    falling, hits = score[order].astype(np.float64), positive[order]
    ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    tp = np.concatenate([[0.0], np.cumsum(hits)[ends]])  # first: nothing is called positive
    fp = np.concatenate([[0.0], np.cumsum(~hits)[ends]])
    values = falling[ends]
    halves = np.concatenate([[np.nextafter(values[0], np.inf)], (values[:-1] + values[1:]) / 2, values[-1:]])
    return float(halves[int(np.argmax(best(_Counts(tp, fp, int(hits.sum()), int((~hits).sum())))))])
