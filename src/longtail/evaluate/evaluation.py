"""`evaluate`: every metric of one predictions file, by label, by group of labels and by column, with intervals."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.evaluate.arrays import Booleans, Floats, label_counts
from longtail.evaluate.calibration_error import (
    ece_cxrlt_style,
    ece_top_class,
    ece_top_label,
    expected_calibration_error,
)
from longtail.evaluate.confusion import confusion_matrix
from longtail.evaluate.defined import macro, undefined_labels
from longtail.evaluate.few import OF_POSITIVES, few_note
from longtail.evaluate.fixed_specificity import sensitivity_at_specificity
from longtail.evaluate.frequency import class_groups
from longtail.evaluate.label_ranking import (
    coverage_error,
    label_ranking_average_precision,
    label_ranking_loss,
    lrap_columns,
)
from longtail.evaluate.resampling import BLOCKS, sampled
from longtail.evaluate.results import Bounds, Evaluation, Label, Number, Part
from longtail.evaluate.sampled import Method, Sampled, require_level, require_method
from longtail.evaluate.scored import Rows, scores, weighings
from longtail.evaluate.setting import Setting, setting
from longtail.evaluate.top_k import top_k_accuracy
from longtail.predict.files import read_predictions
from longtail.predict.predictions import Predictions


def evaluate(
    predictions: Predictions | str | Path,
    manifest: Manifest | str | Path,
    *,
    split: str | None = None,
    labels: Sequence[str] | None = None,
    level: str | None = None,
    by: Sequence[str] = (),
    group: str | None = None,
    thresholds: dict[str, float] | None = None,
    head: int | None = None,
    tail: int | None = None,
    major: int | None = None,
    minor: int | None = None,
    resamples: int = 1000,
    confidence: float = 0.95,
    method: Method = "percentile",
    seed: int = 0,
    partial: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Evaluation:
    """Metrics with bootstrap intervals.

    `level="study"` averages image predictions over each study. `by` are columns whose values are evaluated apart
    (view, source ...). `group` is the column whose values are resampled whole (default: patient, lesion, study, else
    each row).
    `major` and `minor`: of how many classes a single-label task's two group means are (3 and 3, or 2 of five classes).
    `thresholds` by label give F1 and the like at chosen thresholds beside those at .5. `split`, `labels` and `partial`
    are those of `longtail.predict.align`.
    """
    require_level(confidence)
    require_method(method)
    manifest = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest, check_files=False)
    if not isinstance(predictions, Predictions):
        predictions = read_predictions(predictions, labels or manifest.labels)
    what = setting(
        predictions,
        manifest,
        split=split,
        labels=labels,
        level=level,
        group=group,
        head=head,
        tail=tail,
        partial=partial,
    )
    members = _members(what, major, minor)
    chosen = None if thresholds is None else np.array([thresholds.get(name, 0.5) for name in what.labels])
    pieces = {("", ""): what.rows} | _pieces(what, manifest, by)
    needed = {(key, name): w for key, rows in pieces.items() for name, w in weighings(rows, chosen).items()}
    found = sampled(
        needed, what.rows.units, resamples, seed, blocks=BLOCKS if method == "bca" else 0, progress=progress
    )
    done = {
        key: scores({name: found[each, name] for each, name in found if each == key}, len(what.labels))
        for key in pieces
    }
    bounds = Bounds(confidence, method)
    whole, few = done["", ""], what.rows.few
    return Evaluation(
        task=manifest.task,
        level=what.level,
        rows=len(what.places),
        split=split,
        units={"column": what.grouped_by, "count": what.rows.units},
        intervals={"method": method, "confidence": confidence, "resamples": resamples, "seed": seed},
        boundaries={
            "head above": what.boundaries.head,
            "tail below": what.boundaries.tail,
            "rule": what.boundaries.rule,
            "counted in": what.counted,
        },
        means=_means(whole, bounds, few=few) | _overall(what.rows),
        groups={name: _means(whole, bounds, places, few) for name, places in members.items()},
        members={name: [what.labels[i] for i in places] for name, places in members.items()},
        labels=_labels(whole, what, bounds),
        undefined=undefined_labels(what.rows.states, what.labels),
        parts=_parts(done, pieces, bounds),
        confusion=_confusion(what.rows),
        decisions=None if thresholds is None else {"thresholds": thresholds},
        notes=_trained_on(what, manifest, split) + _notes(what) + _strange(predictions.labels, manifest.labels),
    )


def _pieces(what: Setting, manifest: Manifest, by: Sequence[str]) -> dict[tuple[str, str], Rows]:
    """The rows of each value of each column, in the values' order."""
    found = {}
    for column in by:
        values = manifest.column(column)[what.places]
        for value in sorted(set(values)):
            found[column, str(value) or "(empty)"] = what.rows.take(np.flatnonzero(values == value))
    return found


def _means(
    found: dict[str, Sampled], bounds: Bounds, members: Any = slice(None), few: Booleans | None = None
) -> dict[str, Number]:
    """Each metric's mean over (some of) the labels; overall numbers as they are, where all labels are meant."""
    means = {}
    for name, numbers in found.items():
        if name not in _OVERALL:
            means[name] = bounds.mean(numbers, members, few if name in OF_POSITIVES else None)
        elif members == slice(None):
            means[name] = bounds.each(numbers)[0]
    return means


_OVERALL = {"accuracy", "matthews", "kappa", "quadratic_kappa", "multiclass_brier", "multiclass_log_loss"}


def _members(what: Setting, major: int | None, minor: int | None) -> dict[str, list[int]]:
    """The labels of each group: head, medium and tail; for one class per image also the major and minor classes."""
    names, count = np.array(what.groups), len(what.labels)
    members = {name: np.flatnonzero(names == name).tolist() for name in ("head", "medium", "tail") if name in names}
    if what.rows.targets.ndim == 1 and (count >= 4 or major or minor):
        usual = 3 if count >= 6 else count - 3
        apart = class_groups(what.train_counts, major or 3, minor or usual)
        members |= {name: apart[name].tolist() for name in ("major", "minor")}
    return members


def _labels(found: dict[str, Sampled], what: Setting, bounds: Bounds) -> list[Label]:
    states = what.rows.states
    positives, negatives = label_counts(states)
    metrics = {
        name: bounds.each(numbers.unsure(what.rows.few) if name in OF_POSITIVES else numbers)
        for name, numbers in found.items()
        if name not in _OVERALL
    }
    metrics |= {name: [Number(float(v)) for v in values] for name, values in _plain(what.rows).items()}
    return [
        Label(
            name=label,
            group=what.groups[i],
            train_count=int(what.train_counts[i]),
            positives=int(positives[i]),
            positive_units=int(what.rows.positive_units[i]),
            negatives=int(negatives[i]),
            metrics={name: numbers[i] for name, numbers in metrics.items()},
        )
        for i, label in enumerate(what.labels)
    ]


def _plain(rows: Rows) -> dict[str, Floats]:
    """Per-label numbers that have no interval: a bootstrap of calibration errors and of order statistics is biased."""
    states, values = rows.states, rows.values
    return {
        "sensitivity_at_95_specificity": sensitivity_at_specificity(states, values, 0.95),
        "ece": expected_calibration_error(states, values),
        "ece_cxrlt_style": ece_cxrlt_style(states, values),
        "ece_top_label": ece_top_label(states, values),
        "lrap_columns": lrap_columns(states, values),
    }


def _overall(rows: Rows) -> dict[str, Number]:
    means = {name: macro(values) for name, values in _plain(rows).items()}
    found = {name: Number(mean.value, over=mean.over) for name, mean in means.items()}
    if rows.targets.ndim == 1:
        found["ece_top_class"] = Number(ece_top_class(rows.targets, rows.values))
        for k in (2, 3, 5):
            if k < rows.values.shape[1]:
                found[f"top_{k}_accuracy"] = Number(top_k_accuracy(rows.targets, rows.values, k))
        return found
    found["lrap"] = Number(label_ranking_average_precision(rows.targets, rows.values))
    found["coverage_error"] = Number(coverage_error(rows.targets, rows.values))
    found["ranking_loss"] = Number(label_ranking_loss(rows.targets, rows.values))
    return found


def _parts(
    done: dict[tuple[str, str], dict[str, Sampled]], pieces: dict[tuple[str, str], Rows], bounds: Bounds
) -> list[Part]:
    parts: list[Part] = []
    first: dict[str, tuple[dict[str, Sampled], Booleans]] = {}
    for (column, value), found in done.items():
        if not column:
            continue
        rows = pieces[column, value]
        base, few = first.setdefault(column, (found, rows.few))
        apart = {} if base is found else {name: numbers.minus(base[name]) for name, numbers in found.items()}
        means, differences = _means(found, bounds, few=rows.few), _means(apart, bounds, few=few | rows.few)
        parts.append(Part(column, value, len(rows.values), means, differences))
    return parts


def _confusion(rows: Rows) -> list[list[int]] | None:
    if rows.targets.ndim == 2:
        return None
    matrix: npt.NDArray[np.int64] = confusion_matrix(rows.targets, rows.values)
    return [[int(cell) for cell in row] for row in matrix]


def _trained_on(what: Setting, manifest: Manifest, split: str | None) -> list[str]:
    """That training rows are among those scored, where nobody asked for them by name."""
    if split is not None or not manifest.has("split"):
        return []
    splits = manifest.column("split")[what.places]
    trained = int((splits == "train").sum())
    if not trained:
        return []
    return [
        f"{trained:,} of {len(splits):,} rows are of the training split, which a model knows: its numbers are too good."
        " --split test scores the rows that it has not seen."
    ]


def _strange(predicted: Sequence[str], labels: Sequence[str]) -> list[str]:
    """Predicted labels that the manifest lacks, such as one whose column is empty."""
    lacking = [name for name in predicted if name not in labels]
    return [f"predicted, and no labels of the manifest: {', '.join(lacking)}."] if lacking else []


def _notes(what: Setting) -> list[str]:
    notes = []
    if what.grouped_by == what.level:
        notes.append(
            f"each {what.level} was resampled on its own, since no patient column says which belong together:"
            " intervals are too narrow if some do."
        )
    sums = what.rows.values.sum(axis=1)
    if what.rows.targets.ndim == 1 and len(sums) and np.abs(sums - 1).max() > 0.01:
        notes.append("the probabilities of a row do not sum to 1, as those of a softmax do.")
    return notes + few_note(what.labels, what.rows.positive_units, what.rows.few, what.grouped_by)
