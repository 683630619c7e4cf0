"""Every number of a report on one run: headlines with intervals, by label, by view and source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail import evaluate as metrics
from longtail.data.audit.label_groups import GROUPS
from longtail.evaluate.defined import Undefined
from longtail.evaluate.intervals import Intervals
from longtail.evaluate.resampling import group_index, resample_counts
from longtail.report.scoring import Scored

Floats = npt.NDArray[np.float64]
COLUMNS = ("view", "source")
_MOST_VALUES = 12  # of a column, for a table that can be read


@dataclass(frozen=True)
class Headline:
    """A number with its interval (nan where there is none), and over how many labels (0: it is no mean)."""

    name: str
    value: float
    low: float = np.nan
    high: float = np.nan
    over: int = 0


@dataclass(frozen=True)
class Part:
    """The rows that share a value of a column: how many, mAP and mAUC over how many labels, AP `(C,)`."""

    name: str
    rows: int
    ap: Floats
    mean_ap: metrics.Mean
    mean_auroc: metrics.Mean


@dataclass(frozen=True)
class Numbers:
    """All numbers of one run; arrays are `(C,)`."""

    headlines: list[Headline]
    ap: Intervals
    auroc: Intervals
    thresholds: Floats
    threshold_source: str
    f1: Floats
    precision: Floats
    recall: Floats
    calibration_error: Floats
    brier: Floats
    by_group: dict[str, dict[str, metrics.Mean]]
    parts: dict[str, list[Part]]
    undefined: list[Undefined]
    resamples: int


def numbers(
    scored: Scored,
    decisions: Mapping[str, Any],
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Numbers:
    """Compute everything; `progress` is called with resamples done, twice `resamples` in all."""
    options: dict[str, Any] = {"groups": scored.patients, "resamples": resamples, "seed": seed, "progress": progress}
    ap = metrics.bootstrap(scored.states, scored.values, "ap", **options)
    auroc = metrics.bootstrap(scored.states, scored.values, "auroc", **options)
    thresholds, source = decided_thresholds(decisions, scored.labels)
    at = (scored.states, scored.values, thresholds)
    return Numbers(
        headlines=_headlines(scored, ap, auroc, thresholds, resamples, seed),
        ap=ap,
        auroc=auroc,
        thresholds=thresholds,
        threshold_source=source,
        f1=metrics.f1(*at),
        precision=metrics.precision(*at),
        recall=metrics.recall(*at),
        calibration_error=metrics.expected_calibration_error(scored.states, scored.values),
        brier=metrics.brier(scored.states, scored.values),
        by_group=_by_group(scored, ap, auroc),
        parts={name: found for name in COLUMNS if (found := _parts(scored, name))},
        undefined=metrics.undefined_labels(scored.states, scored.labels),
        resamples=resamples,
    )


def decided_thresholds(decisions: Mapping[str, Any], labels: tuple[str, ...]) -> tuple[Floats, str]:
    """The run's threshold for each label, .5 where it has none, and where they come from."""
    said = decisions.get("thresholds")
    said = said if isinstance(said, Mapping) else {}
    values = said.get("values", said)
    found = np.array([_threshold(values.get(label) if isinstance(values, Mapping) else None) for label in labels])
    if np.isnan(found).all():
        return np.full(len(labels), 0.5), "0.5 for every label; the run chose none"
    rule = " ".join(str(said[key]) for key in ("rule", "method") if isinstance(said.get(key), str))
    of = next((str(said[key]) for key in ("split", "fitted_on", "chosen_on") if isinstance(said.get(key), str)), "val")
    lacking = int(np.isnan(found).sum())
    rest = f"; 0.5 for {lacking} without one" if lacking else ""
    return np.where(np.isnan(found), 0.5, found), f"chosen on {of}{f' ({rule})' if rule else ''}{rest}"


def _threshold(value: Any) -> float:
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("threshold", "value") if key in value), None)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else np.nan


def _headlines(
    scored: Scored, ap: Intervals, auroc: Intervals, thresholds: Floats, resamples: int, seed: int
) -> list[Headline]:
    means = [
        Headline("mAP", ap.mean, ap.mean_low, ap.mean_high, ap.mean_over),
        Headline("mAUC", auroc.mean, auroc.mean_low, auroc.mean_high, auroc.mean_over),
    ]
    calibration = Headline("ECE", *_mean(metrics.expected_calibration_error(scored.states, scored.values)))
    if scored.classes is not None:
        return [*_class_headlines(scored, resamples, seed), *means, calibration]
    mean_f1 = Headline("mF1", *_mean(metrics.f1(scored.states, scored.values, thresholds)))
    return [*means, *_group_headlines(scored, ap), mean_f1, calibration]


def _group_headlines(scored: Scored, ap: Intervals) -> list[Headline]:
    """mAP of the head, medium and tail labels, with intervals from the same resamples."""
    found = []
    for group in GROUPS:
        members = np.array([each == group for each in scored.groups])
        mean = metrics.macro(ap.value[members])
        if mean.over:
            draws = np.array([metrics.macro(draw[members]).value for draw in ap.draws])
            found.append(Headline(f"{group} mAP", mean.value, *_interval(draws), mean.over))
    return found


def _class_headlines(scored: Scored, resamples: int, seed: int) -> list[Headline]:
    """Accuracy, mean class recall of all, major and minor classes (the papers' groups), macro F1."""
    assert scored.classes is not None
    known = scored.classes >= 0
    truth, guess = scored.classes[known], scored.values[known].argmax(axis=1)
    index, count = group_index(None if scored.patients is None else scored.patients[known], len(truth))
    classes = len(scored.labels)
    few = min(3, classes // 2)
    groups = metrics.class_groups(scored.counts, few, few) if few else {"all": np.arange(classes)}

    def values(weights: Any) -> list[float]:
        cells = np.bincount(truth * classes + guess, weights=weights, minlength=classes * classes)
        matrix = cells.reshape(classes, classes)
        true, predicted, hits = matrix.sum(axis=1), matrix.sum(axis=0), np.diag(matrix)
        with np.errstate(divide="ignore", invalid="ignore"):
            recall, f1 = hits / true, np.where(true > 0, 2 * hits / (true + predicted), np.nan)
            means = [metrics.macro(recall[members]).value for members in groups.values()]
            return [float(hits.sum() / true.sum()), *means, metrics.macro(f1).value]

    draws = [values(each if index is None else each[index]) for each in resample_counts(count, resamples, seed)]
    names = ["accuracy", *(f"recall, {name}" for name in groups), "macro F1"]
    over = [0, *(len(members) for members in groups.values()), classes]
    table = np.array(draws)
    return [
        Headline(name, value, *_interval(table[:, i]), over[i])
        for i, (name, value) in enumerate(zip(names, values(None), strict=True))
    ]


def _by_group(scored: Scored, ap: Intervals, auroc: Intervals) -> dict[str, dict[str, metrics.Mean]]:
    found = {}
    for group in GROUPS:
        members = np.array([each == group for each in scored.groups])
        if members.any():
            found[group] = {"mAP": metrics.macro(ap.value[members]), "mAUC": metrics.macro(auroc.value[members])}
    return found


def _parts(scored: Scored, name: str) -> list[Part]:
    """The most frequent values of a column; for views also front against lateral, as the stage-training paper has."""
    column = scored.column(name)
    if column is None:
        return []
    values, counts = np.unique(column[column != ""].astype(str), return_counts=True)
    ordered = [str(values[i]) for i in np.argsort(-counts, kind="stable")[:_MOST_VALUES]]
    found = [_part(scored, value, column == value) for value in ordered]
    fronts = np.isin(np.char.upper(column.astype(str)), ("AP", "PA"))
    if name == "view" and fronts.any() and not fronts.all() and len(ordered) > 2:
        found += [_part(scored, "front (AP, PA)", fronts), _part(scored, "lateral (others)", ~fronts)]
    return found


def _part(scored: Scored, name: str, rows: npt.NDArray[Any]) -> Part:
    states, values = scored.states[rows], scored.values[rows]
    ap = metrics.average_precision(states, values)
    return Part(name, int(rows.sum()), ap, metrics.macro(ap), metrics.macro(metrics.auroc(states, values)))


def _interval(draws: Floats, level: float = 0.95) -> tuple[float, float]:
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return np.nan, np.nan
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _mean(values: Floats) -> tuple[float, float, float, int]:
    mean = metrics.macro(values)
    return mean.value, np.nan, np.nan, mean.over
