"""The result of a comparison: numbers by line and column, over seeds, with the best and the second of each column."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from longtail.evaluate.results import as_plain


@dataclass(frozen=True)
class Cell:
    """Mean and standard deviation over seeds (none for a single one), and the place in its column: 1 best, 2 second."""

    mean: float
    sd: float | None = None
    place: int | None = None


@dataclass(frozen=True)
class Against:
    """The difference of the first column to the line compared with, its interval, and p corrected over lines."""

    difference: float
    low: float
    high: float
    p: float
    holm: float


@dataclass(frozen=True)
class ResultLine:
    """A line: cells by column, label scores and columns by seed, the published number, and the comparison."""

    name: str
    group: str
    cells: dict[str, Cell]
    seeds: dict[int, dict[str, float]]
    labels: dict[int, list[float]]
    paper: float | None = None
    against: Against | None = None
    failed: str | None = None


@dataclass(frozen=True)
class Result:
    """A whole table; `note` says on what it was counted, `over` how many classes each column is a mean over."""

    title: str
    note: str
    columns: list[str]
    labels: list[str]
    lines: list[ResultLine]
    rival: str | None = None
    over: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null for what is undefined."""
        plain: dict[str, Any] = as_plain(self)
        return plain


def cells_of(seeds: Mapping[int, Mapping[str, float]], columns: Sequence[str]) -> dict[str, Cell]:
    """Mean and deviation (n - 1) of each column over the seeds."""
    found = {}
    for column in columns:
        values = [scores[column] for scores in seeds.values()]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found[column] = Cell(float(np.mean(values)) if values else math.nan, sd)
    return found


def placed(lines: Sequence[Mapping[str, Cell]]) -> list[dict[str, Cell]]:
    """The same cells, those with a column's largest and second largest mean marked; equal ones share a place."""
    found = [dict(line) for line in lines]
    for column in {name for line in lines for name in line}:
        means = {round(line[column].mean, 6) for line in found if not math.isnan(line[column].mean)}
        best = sorted(means, reverse=True)[:2]
        for line in found:
            cell = line[column]
            if round(cell.mean, 6) in best and len(found) > 1:
                line[column] = Cell(cell.mean, cell.sd, best.index(round(cell.mean, 6)) + 1)
    return found
