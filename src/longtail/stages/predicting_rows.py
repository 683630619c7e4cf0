"""Logits and probabilities of some prepared images: what validation, the runner and the predict room share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from longtail.data.manifest import Task
from longtail.models.classifier import Classifier
from longtail.running.processes import World, pick_device
from longtail.stages.job import Rows, TrainJob
from longtail.stages.precision import Precision, chosen_precision
from longtail.stages.readers import Reader, build_reader, level_steps
from longtail.stages.study_draws import whole_studies

Values = npt.NDArray[np.float32]


def predict_values(job: TrainJob, rows: Rows, on_batch: Callable[[int], None] = lambda _: None) -> Values:
    """Probabilities `(N, C)` of a job's prepared images, in the order of `rows`, by its model as it is.

    Sigmoids, or the softmax of the active classes. `on_batch` is told how many rows are done.
    """
    read, precision = plain_reader(job)
    (logits,) = predict_side_by_side(
        [job.model], read, rows, precision=precision, sources=job.sources, studies=job.studies, views=job.views,
        batch_size=job.settings.batch_size, on_batch=on_batch,
    )  # fmt: skip
    return probabilities(logits, job.task, job.active)


def plain_reader(job: TrainJob) -> tuple[Reader, Precision]:
    """A job's images as validation sees them (only rescaled and normalised), and its precision; the model is placed."""
    name, asked = job.model.backbone.name, job.settings.precision
    precision = chosen_precision(asked, pick_device(World()), name, job.prepared.key.size)
    precision.placed(job.model)
    steps = level_steps(job.settings.augment)
    return build_reader(job.prepared, steps, precision, mean=job.mean, std=job.std), precision


def predict_side_by_side(
    models: Sequence[Classifier],
    read: Reader,
    rows: Rows,
    *,
    precision: Precision,
    sources: npt.NDArray[np.int64] | None = None,
    studies: npt.NDArray[np.int64] | None = None,
    views: npt.NDArray[np.int64] | None = None,
    batch_size: int = 64,
    on_batch: Callable[[int], None] = lambda _: None,
) -> list[Values]:
    """Each model's logits `(N, C)`, float32, of what `read` gives for `rows`; what they read is read once.

    The models are in evaluation mode meanwhile.
    """
    found = [torch.empty(len(rows), model.head.num_classes, device=precision.device) for model in models]
    with ExitStack() as stack, torch.inference_mode(), precision.autocast():
        for model in models:
            stack.enter_context(evaluating(model))
        together = studies if any(model.head.of_studies for model in models) else None
        done = 0
        for places in _pieces(rows, together, batch_size):
            part = rows[places]
            images = read(part, 0)
            given = {"source": sources, "study": together, "view": None if together is None else views}
            known = {k: None if v is None else torch.from_numpy(v[part]).to(precision.device) for k, v in given.items()}
            for model, logits in zip(models, found, strict=True):
                logits[places] = model.predict_logits(images, **known)
            done += len(part)
            on_batch(done)
    return [np.asarray(logits.cpu().numpy(), dtype=np.float32) for logits in found]


def _pieces(rows: Rows, studies: npt.NDArray[np.int64] | None, size: int) -> Iterator[Any]:
    """Places among the rows, `size` at a time, or whole studies."""
    if studies is not None:
        yield from whole_studies(studies[rows], size)
        return
    for start in range(0, len(rows), size):
        yield slice(start, start + size)


def probabilities(logits: Values, task: Task, active: npt.NDArray[np.bool_] | None = None) -> Values:
    """Sigmoids, or softmax over the `active` classes, of logits `(N, C)`; 0 for single-label classes not active."""
    wide = torch.from_numpy(logits).double()
    if task == "multilabel":
        return np.asarray(torch.sigmoid(wide).float().numpy())
    if active is not None:
        wide[:, torch.from_numpy(~active)] = -torch.inf
    return np.asarray(torch.softmax(wide, dim=1).float().numpy())


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and back to what it was."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)
