"""The stage kind `pretrain`: a backbone learns from images alone, by its `method` (DINOv2); labels are only looked at.

What every stage says is said here too: `image_size` (of the prepared images), `batch_size` (over all processes),
`micro_batch` (images at once; whole batches unless it is a number), `epochs` or `steps`, `validate_every` (epochs from
one look of the monitors to the next), `rows`, `from`, `precision`, and the model's backbone, weights, drop path and
levels. All else is the method's, as in `method: {dinov2: {local_size: 96}}`; its `global_size` is `image_size` unless
said. Trained on are the splits in `rows` and rows of no split, such as unlabelled images of other sources. Validation
rows are looked at by the monitors alone unless `rows` names them; test rows never.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.pretrain.dinov2 import Levels
from longtail.pretrain.loop import pretrain
from longtail.pretrain.monitor import Labelled
from longtail.pretrain.settings import Dinov2Settings
from longtail.running.processes import joined
from longtail.sampling.drawing import stream
from longtail.stages.context import StageContext
from longtail.stages.hand_over import WEIGHTS
from longtail.stages.identity import model_settings
from longtail.stages.kinds import STAGE_KINDS
from longtail.stages.recipe import Stage
from longtail.stages.rows import VALIDATION, Rows

WATCHED = 4096  # labelled rows that the monitors learn from, and as many that they judge by
CHECKPOINT_STEPS = 500  # at most so many steps are lost by a kill


@STAGE_KINDS.register("pretrain")
def pretrain_stage(context: StageContext) -> dict[str, Any]:
    """Self-supervised training of the backbone on images, whatever their labels."""
    stage, model = context.stage, model_settings(context.recipe, context.stage)
    prepared, world = context.pixels(stage.image_size), joined()
    rows = pretrain_rows(context.manifest, stage)
    settings = pretrain_settings(stage, model, len(rows), weights=_weights(context, model), processes=world.size)
    began = time.monotonic()
    done = pretrain(
        prepared,
        settings,
        context.folder,
        rows=rows,
        labelled=watched_rows(context.manifest, rows, prepared, context.seed),
        seed=context.seed,
        monitor_every=stage.validate_every,
        checkpoint_every=min(CHECKPOINT_STEPS, settings.steps_per_epoch or CHECKPOINT_STEPS),
        on_progress=lambda step, steps: context.watch.on_step(
            context.name, step, steps, step * stage.batch_size / max(time.monotonic() - began, 1e-9)
        ),
        on_event=lambda event: context.watch.on_event(context.name, event),
        levels=_levels(model),
    )
    return _facts(context, model, settings, rows, done.measures, prepared.key.channels)


def pretrain_rows(manifest: Manifest, stage: Stage) -> Rows:
    """The rows of the stage's splits and those of no split; all where the manifest has no splits."""
    if not manifest.has("split"):
        return np.arange(len(manifest))
    wanted = {"", *stage.rows} | {None}
    rows = np.flatnonzero([split in wanted for split in manifest.column("split")])
    if not len(rows):
        raise UserError(f"no row is of the splits {', '.join(stage.rows)}, or of none, to pre-train on; name others.")
    return rows


def pretrain_settings(
    stage: Stage, model: Mapping[str, Any], images: int, *, weights: str, processes: int = 1
) -> Dinov2Settings:
    """The method's settings with what the stage and its model say; `steps` become whole epochs."""
    assert stage.method is not None  # stage_checks
    if stage.batch_size % processes:
        raise UserError(f"batch_size {stage.batch_size} can't be shared by {processes} processes; choose a multiple.")
    own = {"global_size": stage.image_size, "steps_per_epoch": None, **stage.method.settings}
    per_epoch = own["steps_per_epoch"] or max(1, images // stage.batch_size)
    if stage.steps is not None:
        per_epoch = max(1, min(per_epoch, stage.steps))
    epochs = stage.epochs if stage.epochs is not None else -(-(stage.steps or 0) // per_epoch)
    said = {
        "backbone": model["backbone"],
        "drop_path": model["drop_path"],
        "weights": weights,
        "batch_size": stage.batch_size // processes,
        "micro_batch": stage.micro_batch if isinstance(stage.micro_batch, int) else None,
        "epochs": epochs,
        "steps_per_epoch": per_epoch,
        "precision": stage.precision,
    }
    return Dinov2Settings(**{**own, **said})


def watched_rows(manifest: Manifest, rows: Rows, prepared: Any, seed: int) -> Labelled | None:
    """Labelled rows for k-NN and the linear probe, at most so many of training and of validation; None without any."""
    targets = manifest.one_hot
    known = np.asarray(~np.isnan(targets).all(axis=1))
    splits = manifest.column("split") if manifest.has("split") else np.full(len(manifest), "")
    judged = np.setdiff1d(np.flatnonzero(known & (splits == VALIDATION)), rows)
    learned = np.asarray(rows)[known[rows]]
    if not len(judged) or not len(learned):
        return None
    draw = stream(seed, 0)
    learned, judged = (np.sort(draw.permutation(each)[:WATCHED]) for each in (learned, judged))
    return Labelled(prepared, targets, learned, judged)


def _weights(context: StageContext, model: Mapping[str, Any]) -> str:
    return str(context.parent / WEIGHTS) if context.parent else str(model["weights"])


def _levels(model: Mapping[str, Any]) -> Levels | None:
    """Mean and standard deviation where the recipe says both."""
    said = [model["mean"], model["std"]]
    if said == [None, None]:
        return None
    if None in said:
        raise UserError("model.mean and model.std stand for themselves in pre-training; write both, or none of them.")
    mean, std = (tuple(each) if isinstance(each, list) else (float(each),) for each in said)
    return mean, std


def _facts(
    context: StageContext,
    model: dict[str, Any],
    settings: Dinov2Settings,
    rows: Rows,
    measures: dict[str, float],
    channels: int,
) -> dict[str, Any]:
    manifest = context.manifest
    counts = np.nansum(manifest.one_hot[rows] == 1, axis=0).astype(int)
    return {
        "task": manifest.task,
        "labels": list(manifest.labels),
        "images": context.recipe.images.model_dump(mode="json"),
        "model": model,
        "channels": channels,
        "rows": len(rows),
        "unlabelled_rows": int(np.isnan(manifest.one_hot[rows]).all(axis=1).sum()),
        "class_counts": dict(zip(manifest.labels, counts.tolist(), strict=True)),
        "kept": {"epoch": settings.epochs, "metric": None, "value": None},
        "method": settings.as_facts(),
        "measures": {name: None if value != value else round(value, 6) for name, value in measures.items()},
    }
