"""Exact metrics of all validation rows: every process predicts its share, and all see the same numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from longtail.data.manifest import Task
from longtail.errors import unknown_name
from longtail.evaluate.ap import average_precision
from longtail.evaluate.confusion import accuracy, class_recall, macro_f1
from longtail.evaluate.decisions import f1, recall
from longtail.evaluate.defined import macro
from longtail.evaluate.label_ranking import label_ranking_average_precision, lrap_columns
from longtail.evaluate.roc import auroc
from longtail.models.classifier import Classifier
from longtail.running.processes import World, interleaved
from longtail.stages.job import Rows
from longtail.stages.precision import Precision
from longtail.stages.predicting_rows import Values, predict_side_by_side, probabilities
from longtail.stages.readers import Reader
from longtail.stages.tail import MAP_TAIL

Metrics = dict[str, Any]  # None where undefined; `ap` and `recall` are lists, one value a label
METRICS: dict[Task, tuple[str, ...]] = {
    "multilabel": ("map", "mauc", "lrap_columns", "lrap", "loss"),
    "singlelabel": ("accuracy", "balanced_accuracy", "mean_class_recall", "macro_f1", "map", "mauc", "loss"),
}
ON_REQUEST: dict[Task, tuple[str, ...]] = {  # only of a stage that keeps the best by it
    "multilabel": (MAP_TAIL, "macro_f1", "mean_class_recall"),
    "singlelabel": (MAP_TAIL,),
}
_LOWER_IS_BETTER = ("loss",)


def check_metric(name: str, task: Task) -> None:
    """Refuse a metric that validation does not compute for this task."""
    if name not in (valid := metric_names(task)):
        raise unknown_name("validation metric", name, valid, f"a {task} stage")


def metric_names(task: Task) -> tuple[str, ...]:
    """What a stage may keep the best by."""
    return (*METRICS[task], *ON_REQUEST[task])


def lower_is_better(name: str) -> bool:
    """Whether a small value of a metric is good."""
    return name in _LOWER_IS_BETTER


@dataclass(frozen=True)
class Validator:
    """The validation rows of a stage, and how they are read."""

    read: Reader
    rows: Rows
    targets: npt.NDArray[Any]  # of these rows: (n, A) or (n,), of the active classes
    active: npt.NDArray[np.bool_]
    task: Task
    sources: npt.NDArray[np.int64] | None
    batch_size: int
    precision: Precision
    world: World
    studies: npt.NDArray[np.int64] | None = None  # (N,) of all prepared images, for heads that read them
    views: npt.NDArray[np.int64] | None = None
    kept: str | None = None  # the metric that the stage keeps the best by
    tail: npt.NDArray[np.bool_] | None = None  # (A,), see tail.py

    def __call__(self, model: Classifier, on_batch: Callable[[int], None] = lambda _: None) -> Metrics:
        """The metrics of a model."""
        return self.side_by_side([model], on_batch)[0]

    def side_by_side(
        self, models: Sequence[Classifier], on_batch: Callable[[int], None] = lambda _: None
    ) -> list[Metrics]:
        """The metrics of each of some models, which read the same."""
        if any(model.head.of_studies for model in models):  # studies stay whole: every process predicts all
            world, mine = World(), self.rows
        else:
            world, mine = self.world, self.rows[self.world.rank :: self.world.size]
        each = predict_side_by_side(
            models,
            self.read,
            mine,
            precision=self.precision,
            sources=self.sources,
            studies=self.studies,
            views=self.views,
            batch_size=self.batch_size,
            on_batch=on_batch,
        )
        whole = [
            interleaved(torch.from_numpy(logits).to(self.precision.device), len(self.rows), world).cpu().numpy()
            for logits in each
        ]
        return [
            metrics(self.targets, logits[:, self.active], self.task, kept=self.kept, tail=self.tail) for logits in whole
        ]


def metrics(
    targets: npt.NDArray[Any],
    logits: Values,
    task: Task,
    *,
    kept: str | None = None,
    tail: npt.NDArray[np.bool_] | None = None,
) -> Metrics:
    """All metrics of logits `(N, A)` for targets `(N, A)` or `(N,)`, and that which is `kept` by.

    Logits that are no numbers make all undefined.
    """
    asked = kept if kept in ON_REQUEST[task] else None
    if not np.isfinite(logits).all():
        return dict.fromkeys((*METRICS[task], *([asked] if asked else ())))
    values = probabilities(logits, task)
    found = _multilabel(targets, values) if task == "multilabel" else _singlelabel(targets, values)
    found["loss"] = log_loss(targets, logits)
    if asked:
        found[asked] = _on_request(asked, targets, values, found["ap"], tail)
    return {name: _plain(value) for name, value in found.items()}


def _multilabel(targets: npt.NDArray[Any], values: Values) -> Metrics:
    ap = average_precision(targets, values)
    return {
        "map": macro(ap).value,
        "mauc": macro(auroc(targets, values)).value,
        "lrap_columns": macro(lrap_columns(targets, values)).value,
        "lrap": label_ranking_average_precision(targets, values),
        "over": macro(ap).over,
        "ap": ap,
    }


def _on_request(
    name: str, targets: npt.NDArray[Any], values: Values, ap: npt.NDArray[Any], tail: npt.NDArray[np.bool_] | None
) -> float:
    """Mean AP of the tail; or of decisions at 0.5, the mean over labels that have positives."""
    if name == MAP_TAIL:
        return macro(ap[tail]).value
    return macro({"macro_f1": f1, "mean_class_recall": recall}[name](targets, values)).value


def _singlelabel(targets: npt.NDArray[Any], values: Values) -> Metrics:
    recalls = class_recall(targets, values)
    states = one_hot(targets, values.shape[1])
    ap = average_precision(states, values)
    return {
        "accuracy": accuracy(targets, values),
        "balanced_accuracy": macro(recalls).value,
        "mean_class_recall": macro(recalls).value,
        "macro_f1": macro_f1(targets, values).value,
        "map": macro(ap).value,
        "mauc": macro(auroc(states, values)).value,
        "over": macro(recalls).over,
        "recall": recalls,
        "ap": ap,
    }


def log_loss(targets: npt.NDArray[Any], logits: Values) -> float:
    """Mean cross-entropy over known rows, or binary over known entries, from logits in float64; nan over none."""
    wide = torch.from_numpy(logits).double()
    target = torch.from_numpy(np.asarray(targets))
    if target.ndim == 1:
        known = target >= 0
        return float(torch.nn.functional.cross_entropy(wide[known], target[known])) if bool(known.any()) else np.nan
    known = ~target.isnan()
    if not bool(known.any()):
        return float("nan")
    return float(torch.nn.functional.binary_cross_entropy_with_logits(wide[known], target[known].double()))


def one_hot(classes: npt.NDArray[Any], count: int) -> npt.NDArray[np.float32]:
    """States `(N, C)` of classes `(N,)`, nan where unknown."""
    states = np.full((len(classes), count), np.nan, dtype=np.float32)
    known = classes >= 0
    states[known] = np.eye(count, dtype=np.float32)[classes[known]]
    return states


def _plain(value: Any) -> Any:
    """As JSON has it: None for nan."""
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value.tolist()]
    return None if isinstance(value, float) and not np.isfinite(value) else value
