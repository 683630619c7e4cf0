"""`compare`: is one predictions file better than another, label by label, on the same rows and the same resamples?

An entry is one file, or several seeds of one recipe: its metric is then the mean over the seeds, in each resample too,
and their standard deviation is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Booleans, Floats
from longtail.evaluate.defined import macro
from longtail.evaluate.few import OF_POSITIVES, few_note
from longtail.evaluate.multiple import bootstrap_p, holm, needed_resamples, usual_resamples
from longtail.evaluate.resampling import BLOCKS, Weighing, sampled
from longtail.evaluate.results import Bounds, Number, as_plain
from longtail.evaluate.roc_test import delong
from longtail.evaluate.sampled import Method, Sampled, require_level, require_method
from longtail.evaluate.scored import scores, weighings
from longtail.evaluate.setting import Setting, setting
from longtail.predict.files import read_predictions
from longtail.predict.predictions import Predictions

Entry = Predictions | str | Path

_LESS_IS_MORE = ("brier", "log_loss")
METRICS = ("ap", "auroc", "f1", "recall", "precision", "brier", "log_loss", "accuracy")


@dataclass(frozen=True)
class Difference:
    """Second minus first: the number, its p-value, the one corrected for all labels, and DeLong's (AUROC alone)."""

    what: str  # a label, a group of labels, or "mean"
    number: Number
    p: float
    holm: float | None = None
    delong_p: float | None = None


@dataclass(frozen=True)
class Pair:
    """One entry beside another: differences overall, by group of labels and by label, and who wins how many labels.

    `wins` counts labels on which `second` is better, `losses` worse, `ties` equal; `clear_wins` and `clear_losses`
    those whose corrected p-value is below 1 - confidence.
    """

    first: str
    second: str
    mean: Difference
    groups: list[Difference]
    labels: list[Difference]
    wins: int
    losses: int
    ties: int
    clear_wins: int
    clear_losses: int


@dataclass(frozen=True)
class Comparison:
    """Entries on the same rows: each one's mean with its interval, seeds' standard deviations, and every pair."""

    metric: str
    rows: int
    units: dict[str, Any]
    intervals: dict[str, Any]
    means: dict[str, Number]
    seeds: dict[str, dict[str, float]]
    pairs: list[Pair]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        plain: dict[str, Any] = as_plain(self)
        return plain


def compare(
    entries: Mapping[str, Entry | Sequence[Entry]],
    manifest: Manifest | str | Path,
    *,
    metric: str = "ap",
    split: str | None = None,
    labels: Sequence[str] | None = None,
    level: str | None = None,
    group: str | None = None,
    head: int | None = None,
    tail: int | None = None,
    resamples: int | None = None,
    confidence: float = 0.95,
    method: Method = "percentile",
    seed: int = 0,
    partial: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Comparison:
    """Paired bootstrap of every two entries, in their order; the options are those of `evaluate`.

    `resamples` None: 1,000, or as many as it takes for one of many labels to be clear (`usual_resamples`).
    """
    require_level(confidence)
    require_method(method)
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    if len(entries) < 2:
        raise UserError("there is one entry; give two or more predictions to compare.")
    manifest = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest, check_files=False)
    options: dict[str, Any] = {"split": split, "labels": labels, "level": level, "group": group, "partial": partial}
    members = {name: _members(entry) for name, entry in entries.items()}
    settings = {
        (name, i): setting(_read(each, labels or manifest.labels), manifest, head=head, tail=tail, **options)
        for name, each_seed in members.items()
        for i, each in enumerate(each_seed)
    }
    what = _same_rows(settings)
    usual = usual_resamples(len(what.labels), confidence)
    resamples = usual if resamples is None else resamples
    draws = _sampled(settings, metric, resamples, seed, BLOCKS if method == "bca" else 0, progress)
    merged = {name: _average([draws[name, i] for i in range(len(each))]) for name, each in members.items()}
    bounds = Bounds(confidence, method)
    report = _Report(what, metric, bounds, settings)
    names = list(members)
    return Comparison(
        metric=metric,
        rows=len(what.places),
        units={"column": what.grouped_by, "count": what.rows.units},
        intervals={"method": method, "confidence": confidence, "resamples": resamples, "seed": seed},
        means={name: bounds.mean(found, few=report.few) for name, found in merged.items()},
        seeds={
            name: _spread([macro(draws[name, i].value).value for i in range(len(each))])
            for name, each in members.items()
            if len(each) > 1
        },
        pairs=[report.pair(a, b, merged) for i, a in enumerate(names) for b in names[i + 1 :]],
        notes=_notes(what, report.tested, resamples, confidence),
    )


@dataclass(frozen=True)
class _Report:
    what: Setting
    metric: str
    bounds: Bounds
    settings: Mapping[tuple[str, int], Setting]

    def pair(self, first: str, second: str, merged: Mapping[str, Sampled]) -> Pair:
        apart = merged[second].minus(merged[first])
        labels = self.labels(apart, self.delong(first, second))
        groups = np.array(self.what.groups)
        present = [name for name in ("head", "medium", "tail") if name in groups and len(apart.value) == len(groups)]
        better = np.sign(apart.value) * (-1 if self.metric in _LESS_IS_MORE else 1)
        clear = np.array([d.holm is not None and d.holm < 1 - self.bounds.confidence for d in labels], dtype=bool)
        return Pair(
            first=first,
            second=second,
            mean=self.mean("mean", apart),
            groups=[self.mean(name, apart, np.flatnonzero(groups == name).tolist()) for name in present],
            labels=labels,
            wins=int((better > 0).sum()),
            losses=int((better < 0).sum()),
            ties=int((better == 0).sum()),
            clear_wins=int(((better > 0) & clear).sum()) if labels else 0,
            clear_losses=int(((better < 0) & clear).sum()) if labels else 0,
        )

    @property
    def few(self) -> Booleans | None:
        """Labels of too few units for an interval, where the metric rests on positives."""
        return self.what.rows.few if self.metric in OF_POSITIVES else None

    @property
    def tested(self) -> int:
        """How many labels get a p-value."""
        return len(self.what.labels) - (0 if self.few is None else int(np.count_nonzero(self.few)))

    def mean(self, what: str, apart: Sampled, members: Any = slice(None)) -> Difference:
        number = self.bounds.mean(apart, members, self.few)
        p = float(bootstrap_p(apart.mean(members).centred().draws)[0])
        return Difference(what, number, p if number.low == number.low else np.nan)

    def labels(self, apart: Sampled, check: Floats | None) -> list[Difference]:
        if len(apart.value) != len(self.what.labels):
            return []  # accuracy has no labels
        apart = apart if self.few is None else apart.unsure(self.few)
        p = np.where(np.isnan(apart.value), np.nan, bootstrap_p(apart.draws))
        corrected = holm(p)
        return [
            Difference(name, number, float(p[i]), float(corrected[i]), None if check is None else float(check[i]))
            for i, (name, number) in enumerate(zip(self.what.labels, self.bounds.each(apart), strict=True))
        ]

    def delong(self, first: str, second: str) -> Floats | None:
        """DeLong's p-values, for AUROC of single files; None where they do not apply."""
        if self.metric != "auroc" or any((name, 1) in self.settings for name in (first, second)):
            return None
        a, b = self.settings[first, 0].rows, self.settings[second, 0].rows
        return delong(a.states, b.values, a.values).p


def _notes(what: Setting, tested: int, resamples: int, confidence: float) -> list[str]:
    notes = few_note(what.labels, what.rows.positive_units, what.rows.few, what.grouped_by)
    needed = needed_resamples(tested, confidence)
    if resamples < needed:
        notes.append(
            f"{resamples:,} resamples are too few for any of {tested} labels to be clear after Holm's"
            f" correction; --resamples {needed} are enough."
        )
    return notes


def _members(entry: Entry | Sequence[Entry]) -> list[Entry]:
    return [entry] if isinstance(entry, (Predictions, str, Path)) else list(entry)


def _read(entry: Entry, labels: Sequence[str]) -> Predictions:
    return entry if isinstance(entry, Predictions) else read_predictions(entry, labels)


def _same_rows(settings: Mapping[tuple[str, int], Setting]) -> Setting:
    first_name, what = next(iter(settings.items()))
    for name, other in settings.items():
        if other.level != what.level or not np.array_equal(other.places, what.places):
            raise UserError(
                f"'{name[0]}' and '{first_name[0]}' are not of the same rows ({len(other.places):,} and"
                f" {len(what.places):,}); compare predictions of the same split, at the same level."
            )
    return what


def _sampled(
    settings: Mapping[tuple[str, int], Setting],
    metric: str,
    resamples: int,
    seed: int,
    blocks: int,
    progress: Callable[[int], object] | None,
) -> dict[tuple[str, int], Sampled]:
    """The metric of each file under the same resamples."""
    labels = len(next(iter(settings.values())).labels)
    needed: dict[Any, Weighing] = {}
    for key, what in settings.items():
        parts = weighings(what.rows, only=_needed(metric, what.rows.targets.ndim == 1))
        needed |= {(key, part): weigh for part, weigh in parts.items()}
    units = next(iter(settings.values())).rows.units
    found = sampled(needed, units, resamples, seed, blocks=blocks, progress=progress)
    done = {}
    for key in settings:
        mine = scores({part: numbers for (owner, part), numbers in found.items() if owner == key}, labels)
        if metric not in mine:
            raise UserError(f"the metric '{metric}' is of another kind of task than this one; choose ap or auroc.")
        done[key] = mine[metric]
    return done


def _needed(metric: str, one_class: bool) -> str:
    if metric in ("ap", "auroc"):
        return metric
    if metric in _LESS_IS_MORE:
        return "losses"
    return "matrix" if one_class else "at_half"


def _average(seeds: Sequence[Sampled]) -> Sampled:
    """The mean over seeds, number by number."""
    return Sampled(
        np.mean([each.value for each in seeds], axis=0),
        np.mean([each.draws for each in seeds], axis=0),
        np.mean([each.left_out for each in seeds], axis=0),
    )


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"count": len(values), "mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1))}
