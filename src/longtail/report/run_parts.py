"""A run's rows apart by view and by source: mAP, mAUC and each label's AP, under resamples of the main numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.evaluate.resampling import sampled
from longtail.evaluate.results import Bounds, Number
from longtail.evaluate.sampled import Sampled
from longtail.evaluate.scored import weighings
from longtail.report.scoring import Scored

COLUMNS = ("view", "source")
GAP = "front minus lateral"
_MOST_VALUES = 12  # of a column, for a table that can be read
MOST_RESAMPLES = 250  # the first ones of the main numbers': every part costs as much as those do
_FRONTS, _OTHERS = "front (AP, PA)", "lateral (others)"
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """The rows that share a value of a column: how many, the means over labels, and AP of each label `(C,)`.

    `rows` is None for the difference of two parts, which is paired: both are scored in each resample.
    """

    name: str
    rows: int | None
    mean_ap: Number
    mean_auroc: Number
    ap: list[Number]


def parts_of(scored: Scored, *, resamples: int = 1000, seed: int = 0) -> dict[str, list[Part]]:
    """The parts of each column that has several values; views end with front, lateral and their difference.

    Units (patients) are resampled from all scored rows, as for the main numbers, `MOST_RESAMPLES` times at most.
    """
    masks = {(column, name): mask for column in COLUMNS for name, mask in _masks(scored, column).items()}
    rows = {key: scored.setting.rows.take(np.flatnonzero(mask)) for key, mask in masks.items()}
    needed = {
        (*key, metric): weigh
        for key, part in rows.items()
        for metric in ("ap", "auroc")
        for weigh in weighings(part, only=metric).values()
    }
    if not needed:
        return {}
    found = sampled(needed, scored.setting.rows.units, min(resamples, MOST_RESAMPLES), seed, blocks=0)
    parts: dict[str, list[Part]] = {}
    for (column, name), mask in masks.items():
        ap, auroc = found[column, name, "ap"], found[column, name, "auroc"]
        parts.setdefault(column, []).append(_part(name, int(mask.sum()), ap, auroc, rows[column, name].few))
    if ("view", _FRONTS) in masks:
        parts["view"].append(_gap(found, rows["view", _FRONTS].few | rows["view", _OTHERS].few))
    return parts


def _masks(scored: Scored, name: str) -> dict[str, _Mask]:
    """The rows of the most frequent values; of views also front against lateral, as the stage-training paper has."""
    column = scored.column(name)
    if column is None:
        return {}
    values, counts = np.unique(column[column != ""].astype(str), return_counts=True)
    if len(values) < 2:  # the part would be the whole
        return {}
    ordered = [str(values[i]) for i in np.argsort(-counts, kind="stable")[:_MOST_VALUES]]
    found: dict[str, _Mask] = {value: column == value for value in ordered}
    fronts = np.isin(np.char.upper(column.astype(str)), ("AP", "PA"))
    if name == "view" and fronts.any() and not fronts.all() and len(ordered) > 2:
        found |= {_FRONTS: fronts, _OTHERS: ~fronts}
    return found


def _gap(found: dict[Any, Sampled], few: _Mask) -> Part:
    """Means are of the labels that both sides define, so that they are of the differences below them."""
    ap, auroc = (found["view", _FRONTS, m].minus(found["view", _OTHERS, m]) for m in ("ap", "auroc"))
    return _part(GAP, None, ap, auroc, few)


def _part(name: str, rows: int | None, ap: Sampled, auroc: Sampled, few: _Mask) -> Part:
    bounds = Bounds()
    return Part(name, rows, bounds.mean(ap, few=few), bounds.mean(auroc, few=few), bounds.each(ap.unsure(few)))
