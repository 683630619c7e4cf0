"""Undefined is not zero: which labels have no AP and no AUROC, why, and means that say over how many labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import label_counts


@dataclass(frozen=True)
class Undefined:
    """A label that cannot be scored: the reason, and its known positives and negatives."""

    label: str
    reason: str
    positives: int
    negatives: int


class Mean(NamedTuple):
    """A mean and how many values it is over."""

    value: float
    over: int


def undefined_labels(target: npt.ArrayLike, labels: Sequence[str]) -> list[Undefined]:
    """The labels of targets `(N, C)` that lack known positives, known negatives or both, in column order."""
    positives, negatives = label_counts(target)
    if len(labels) != len(positives):
        raise UserError(f"targets have {len(positives)} columns and {len(labels)} labels are named; name each column.")
    counts = zip(labels, positives.tolist(), negatives.tolist(), strict=True)
    return [Undefined(label, _reason(p, n), p, n) for label, p, n in counts if not (p and n)]


def macro(values: npt.ArrayLike) -> Mean:
    """The mean over labels that are defined (not nan), and how many those are; nan over none."""
    array = np.asarray(values, dtype=np.float64)
    defined = array[~np.isnan(array)]
    return Mean(float(defined.mean()) if len(defined) else np.nan, len(defined))


def _reason(positives: int, negatives: int) -> str:
    if positives or negatives:
        return "no negatives" if positives else "no positives"
    return "no known rows"
