"""Merges that are fitted on validation predictions of the same members."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.evaluate.ap import average_precision
from longtail.evaluate.defined import macro
from longtail.evaluate.probability_scores import log_loss
from longtail.evaluate.roc import auroc
from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.ensembles.members import Judge, Merged
from longtail.predict.ensembles.selection import Floats, selected_weights

Metric = Literal["ap", "auroc", "log_loss"]
Values = npt.NDArray[np.floating]

_SCORES: dict[str, Callable[..., Floats]] = {
    "ap": average_precision,
    "auroc": auroc,
    "log_loss": lambda targets, values: -log_loss(targets, values),
}


@ENSEMBLES.register("weighted", paper="Caruana et al. 2004")
def weighted_merge(
    values: Values, judge: Judge | None, *, metric: Metric = "ap", per_label: bool = False, rounds: int = 20
) -> Merged:
    """The weighted mean whose weights are best on validation, one set for all labels or one `per_label`.

    Weights are multiples of 1/rounds found by ensemble selection. A label that is undefined on validation has equal
    weights.
    """
    judge = _required(values, judge, "weighted")
    if rounds < 1:
        raise UserError(f"{rounds} rounds give no weights; give 20 or so.")
    score = _score(metric)
    size = 1 if per_label else values.shape[2]
    parts = [slice(start, start + size) for start in range(0, values.shape[2], size)]
    found = [_weights(judge.values[:, :, part], judge.targets[:, part], score, rounds) for part in parts]
    return _merged(values, np.broadcast_to(np.stack(found, axis=1), (len(values), values.shape[2])))


@ENSEMBLES.register("best_member")
def best_member_merge(values: Values, judge: Judge | None, *, metric: Metric = "ap") -> Merged:
    """For each label, the member that is best at it on validation; the mean where the label is undefined there."""
    judge = _required(values, judge, "best_member")
    scores = np.stack([_score(metric)(judge.targets, member) for member in judge.values])  # (M, C)
    undefined = np.isnan(scores).all(axis=0)
    best = np.nan_to_num(scores, nan=-np.inf).argmax(axis=0)
    weights = np.where(undefined, 1 / len(values), np.arange(len(values))[:, None] == best)
    return _merged(values, weights)


def _weights(values: Values, targets: Values, score: Callable[..., Floats], rounds: int) -> Floats:
    return selected_weights(values, lambda mean: macro(score(targets, mean)).value, rounds)


def _merged(values: Values, weights: Floats) -> Merged:
    return Merged(np.einsum("mnc,mc->nc", values.astype(np.float64), weights), np.array(weights, dtype=np.float64))


def _score(metric: str) -> Callable[..., Floats]:
    if metric not in _SCORES:
        raise unknown_name("metric", metric, _SCORES)
    return _SCORES[metric]


def _required(values: Values, judge: Judge | None, name: str) -> Judge:
    if judge is None:
        raise UserError(
            f"the ensemble '{name}' is fitted on validation predictions; give those of every member (--judge, in the"
            " members' order) and the manifest that has their labels, or use mean."
        )
    if judge.values.shape[::2] != values.shape[::2]:
        raise UserError(
            f"{len(judge.values)} validation predictions of {judge.values.shape[2]} labels judge {len(values)} members"
            f" of {values.shape[2]}; give one for each member, in their order."
        )
    return judge
