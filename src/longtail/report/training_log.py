"""Curves from a stage's `log.jsonl`: loss, validation metrics, learning rate and image size by epoch."""

import math
from collections.abc import Sequence
from typing import Any

from longtail.report.charts.training import Curve, training_chart
from longtail.report.drawing import Drawing
from longtail.report.run_folder import StageFacts

_METRICS = ("map", "map_tail", "mauc", "accuracy", "mean_class_recall", "mcr", "f1", "balanced_accuracy")


def training_curves(log: Sequence[dict[str, Any]]) -> dict[str, dict[str, Curve]]:
    """Plots by name, each of named curves of (epochs, values); empty where the log has no epochs.

    An epoch that was repeated after an interruption counts once, as it was the last time.
    """
    epochs = {line["epoch"]: line for line in log if line.get("event") == "epoch" and _is(line.get("epoch"))}
    rows = [epochs[epoch] for epoch in sorted(epochs)]
    valid = [{"epoch": row["epoch"], **(row["valid"] if isinstance(row.get("valid"), dict) else {})} for row in rows]
    names = [name for name in dict.fromkeys(key for row in valid for key in row) if name not in ("epoch", "loss")]
    metrics = [name for name in names if name in _METRICS] or names[:2]
    plots = {
        "loss": {"training": _curve(rows, "loss"), "validation": _curve(valid, "loss")},
        "metric": {name: _curve(valid, name) for name in metrics[:3]},
        "learning rate": {"lr": _curve(rows, "lr")},
        "image size": {"pixels": _curve(rows, "image_size")},
    }
    some = {name: {key: curve for key, curve in curves.items() if curve[0]} for name, curves in plots.items()}
    return {_title(name, curves): curves for name, curves in some.items() if curves}


def stage_chart(stage: StageFacts) -> Drawing | None:
    """The stage's training as one drawing, or None where it was not trained here."""
    plots = training_curves(stage.log)
    kept = stage.facts.get("kept")
    epoch = kept.get("epoch") if isinstance(kept, dict) else None
    return training_chart(f"Training of {stage.name}", plots, epoch if _is(epoch) else None) if plots else None


def _title(name: str, curves: dict[str, Curve]) -> str:
    return f"validation {next(iter(curves))}" if name == "metric" and len(curves) == 1 else name


def _curve(rows: Sequence[dict[str, Any]], key: str) -> Curve:
    points = [(float(row["epoch"]), float(row[key])) for row in rows if _is(row.get(key))]
    return [x for x, _ in points], [y for _, y in points]


def _is(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
