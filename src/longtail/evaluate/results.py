"""What an evaluation found, as plain dataclasses that turn into JSON; nan becomes null there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np

from longtail.evaluate.arrays import Booleans
from longtail.evaluate.defined import Undefined as Undefined
from longtail.evaluate.defined import macro
from longtail.evaluate.few import mostly
from longtail.evaluate.sampled import Method, Sampled


@dataclass(frozen=True)
class Number:
    """A value with its interval; of a mean, `over` is how many labels it is over."""

    value: float
    low: float = math.nan
    high: float = math.nan
    over: int | None = None


@dataclass(frozen=True)
class Bounds:
    """Which intervals are made of resampled numbers."""

    confidence: float = 0.95
    method: Method = "percentile"

    def each(self, found: Sampled) -> list[Number]:
        """Every number with its interval."""
        low, high = found.bounds(self.confidence, self.method)
        return [Number(float(v), float(a), float(b)) for v, a, b in zip(found.value, low, high, strict=True)]

    def mean(self, found: Sampled, members: Sequence[int] | slice = slice(None), few: Booleans | None = None) -> Number:
        """The mean over (some of) the labels, the same ones in every resample, less the resamples' bias.

        It has no interval where most of these labels are of too `few` units `(K,)` for one.
        """
        sampled = found.mean(members).centred()
        if few is not None:
            sampled = sampled.unsure(mostly(few[members], found.value[members]))
        return replace(self.each(sampled)[0], over=macro(found.value[members]).over)


@dataclass(frozen=True)
class Label:
    """One label: its group by training count, its positives (of how many patients), negatives, and metrics by name."""

    name: str
    group: str
    train_count: int
    positives: int
    positive_units: int
    negatives: int
    metrics: dict[str, Number]


@dataclass(frozen=True)
class Part:
    """The rows that share a value of a column: their number, and the means of each metric."""

    column: str
    value: str
    rows: int
    means: dict[str, Number]
    differences: dict[str, Number] = field(default_factory=dict)  # from the column's first part, paired


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one predictions file.

    `means`: each metric's mean over labels, and overall numbers such as LRAP or accuracy. `groups`: the same means over
    the head, medium and tail labels (`boundaries` says where these end), `members` their names. `units` is what was
    resampled, and how many.
    """

    task: str
    level: str
    rows: int
    split: str | None
    units: dict[str, Any]
    intervals: dict[str, Any]
    boundaries: dict[str, Any]
    means: dict[str, Number]
    groups: dict[str, dict[str, Number]]
    members: dict[str, list[str]]
    labels: list[Label]
    undefined: list[Undefined]
    parts: list[Part]
    confusion: list[list[int]] | None = None
    decisions: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        plain: dict[str, Any] = as_plain(self)
        return plain


def as_plain(value: Any) -> Any:
    """Dataclasses, arrays and numbers as JSON has them; nan and infinity as None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(k): as_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [as_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
