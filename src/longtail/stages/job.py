"""What a `train` stage is given and what it gives back: the runner fills in a `TrainJob`, `train.py` does it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from longtail.data.images.prepared import Prepared
from longtail.data.manifest import Task
from longtail.running.log import Event
from longtail.stages.recipe import Stage

if TYPE_CHECKING:
    from longtail.augment.paste.in_batch import PasteInBatch
    from longtail.models.classifier import Classifier

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrainJob:
    """One stage's training, everything about other stages already settled.

    `targets` are of all prepared images, of the model's own labels: `(N, C)` in {0, 1, nan} or `(N,)` classes, -1
    unknown. `train_rows` may name an image more than once (balanced, oversampled); `class_counts` are theirs.
    Classes that are not `active` were dropped: their logits take no part in a single-label loss or prediction.
    """

    name: str
    settings: Stage
    task: Task
    labels: tuple[str, ...]
    prepared: Prepared
    targets: npt.NDArray[Any]
    train_rows: Rows
    valid_rows: Rows  # empty: no validation
    active: npt.NDArray[np.bool_]  # (C,)
    model: "Classifier"  # weights handed over, nothing frozen yet
    mean: tuple[float, ...]
    std: tuple[float, ...]
    folder: Path  # the stage's working folder: log.jsonl, checkpoints, weights.safetensors
    seed: int
    sources: npt.NDArray[np.int64] | None = None  # (N,) which data set, for heads that embed it
    studies: npt.NDArray[np.int64] | None = None  # (N,) numbers of studies, -1 unknown, for losses and heads
    views: npt.NDArray[np.int64] | None = None  # (N,) frontal 0, lateral 1, neither 2, for heads that read studies
    paste: "PasteInBatch | None" = None  # changes pixels and targets of training batches
    parent_momentum: Path | None = None  # the finished stage whose optimiser state is started from
    keep_momentum: bool = False  # leave the optimiser's state for a stage that starts from it
    stop_after: int | None = None  # epochs to train of those that the schedule is made for
    feature_store: Path | None = None  # where cached features may lie, shared between stages
    on_event: Callable[[Event], None] = field(default=lambda _: None)  # every line of the log, as it is written
    on_step: Callable[[int, int, float], None] = field(default=lambda *_: None)  # done, total, images/s; now and then

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Positive rows of each label `(C,)`, over the training rows as they are drawn once."""
        chosen = self.targets[self.train_rows]
        if chosen.ndim == 2:
            return np.asarray((chosen == 1).sum(axis=0), dtype=np.int64)
        return np.bincount(chosen[chosen >= 0], minlength=len(self.labels)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class TrainResult:
    """The kept weights are in `folder/weights.safetensors`."""

    epoch: int  # the one kept, from 1
    metric: str | None
    value: float | None
    seconds: float
    facts: dict[str, Any]  # for stage.json: what was chosen by search, micro-batch found, features cached, ...
