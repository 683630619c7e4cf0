"""The stage kind `train`: rows, model and weights for the training loop, then its validation predictions."""

from typing import Any

import numpy as np

from longtail.data.roles import GROUP_ROLES
from longtail.evaluate.ap import average_precision
from longtail.predict.files import align, read_predictions, write_predictions
from longtail.predict.pieces import source_numbers
from longtail.predict.predictions import Predictions
from longtail.stages.context import StageContext
from longtail.stages.embeddings import write_embeddings
from longtail.stages.graph import hands_over_momentum
from longtail.stages.hand_over import HELD_OUT, WEIGHTS, take_over
from longtail.stages.identity import model_settings
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.kinds import STAGE_KINDS
from longtail.stages.pasting import paste_in_batch
from longtail.stages.rows import Selection, select_rows
from longtail.stages.search import changed

PREDICTIONS = "predictions.parquet"


@STAGE_KINDS.register("train")
def train_stage(context: StageContext) -> dict[str, Any]:
    """Supervised training of a backbone and a head on the manifest's labels."""
    from longtail.running.processes import joined
    from longtail.stages.train import train

    chosen = select_rows(context.manifest, context.stage, seed=context.seed, judged=_judged(context))
    _tell_flagged(context, chosen)
    job = training_job(context, chosen)
    result = train(job)
    if len(job.valid_rows) and joined().first:
        write_predictions(validation_predictions(context, job), context.folder / PREDICTIONS)
    if joined().first:
        write_embeddings(context, job)
    return stage_facts(context, job, chosen, result)


def training_job(context: StageContext, chosen: Selection) -> TrainJob:
    """Everything that the loop needs, the model with its parent's weights among it."""
    import torch

    from longtail.stages.loading_models import build_model

    stage, prepared = context.stage, context.pixels(context.stage.image_size)
    settings = model_settings(context.recipe, stage)
    if context.parent or context.stage.kind != "train":
        settings = {**settings, "weights": "none"}  # they come from other stages
    torch.manual_seed(context.seed)
    model = build_model(
        settings, chosen.labels, prepared.key.channels, stage.image_size, sources=len(_source_names(context))
    )
    if context.parent:
        take_over(model, context.parent, stage.hand_over, chosen.labels)
    return TrainJob(
        name=context.name,
        settings=stage,
        task=context.manifest.task,
        labels=chosen.labels,
        prepared=prepared,
        targets=chosen.targets,
        train_rows=chosen.train,
        valid_rows=chosen.valid,
        active=chosen.active,
        model=model,
        mean=_channels(settings["mean"], model.backbone.mean),
        std=_channels(settings["std"], model.backbone.std),
        folder=context.folder,
        seed=context.seed,
        sources=_sources(context),
        studies=_studies(context),
        views=_views(context),
        paste=paste_in_batch(context, chosen.train),
        parent_momentum=context.parent if stage.hand_over.momentum else None,
        keep_momentum=hands_over_momentum(context.recipe, context.name),
        feature_store=context.feature_store,
        on_event=lambda event: context.watch.on_event(context.name, event),
        on_step=lambda done, total, speed: context.watch.on_step(context.name, done, total, speed),
    )


def image_predictions(context: StageContext, rows: Any, labels: tuple[str, ...], values: Any) -> Predictions:
    """Predictions of some of the manifest's rows, with the ids it has."""
    table = context.manifest.table.iloc[rows].reset_index(drop=True)
    ids = table[[name for name in ("image", *GROUP_ROLES) if name in table]]
    facts = {"task": context.manifest.task, "made_by": {"stage": context.name, "recipe": context.recipe.recipe}}
    return Predictions(ids, labels, np.asarray(values, dtype=np.float32), "image", facts)


def validation_predictions(context: StageContext, job: TrainJob) -> Predictions:
    """What the kept weights predict on the validation rows; of a refitted stage, those of before it saw these rows."""
    from longtail.models.weights.saving import load_weights
    from longtail.stages.predicting_rows import predict_values

    held_out = job.folder / HELD_OUT
    load_weights(job.model, held_out if held_out.is_file() else job.folder / WEIGHTS)
    values = predict_values(job, job.valid_rows)
    return image_predictions(context, job.valid_rows, job.labels, values)


def _judged(context: StageContext) -> dict[str, float] | None:
    """Each label's validation AP by the stage that oversampling asks."""
    rule = context.stage.oversample
    if rule is None or not (context.parents[rule.judged_by] / PREDICTIONS).is_file():
        return None
    predictions = read_predictions(context.parents[rule.judged_by] / PREDICTIONS)
    aligned = align(predictions, context.manifest, labels=predictions.labels)
    columns = [context.manifest.labels.index(label) for label in predictions.labels]
    states = context.manifest.one_hot[aligned.rows][:, columns]
    return dict(zip(predictions.labels, average_precision(states, aligned.values).tolist(), strict=True))


def _tell_flagged(context: StageContext, chosen: Selection) -> None:
    if context.stage.oversample is not None:
        told = ", ".join(f"{label} ({value:.3f})" for label, value in chosen.flagged.items()) or "no label"
        context.watch.on_note(f"{context.name}: oversamples {told}, by {context.stage.oversample.judged_by}'s AP")


def _sources(context: StageContext) -> Any:
    """Each row's data set as a number, -1 where unknown; None where the manifest has none."""
    if not context.manifest.has("source"):
        return None
    return source_numbers(context.manifest.column("source"), _source_names(context))


def _source_names(context: StageContext) -> list[str]:
    """The data sets of the manifest, in the order of their numbers."""
    return sorted(set(context.manifest.column("source")) - {""}) if context.manifest.has("source") else []


def _studies(context: StageContext) -> Any:
    """Each row's study as a number, -1 where unknown; None where the manifest has no studies."""
    if not context.manifest.has("study"):
        return None
    column = context.manifest.column("study")
    _, numbers = np.unique(column, return_inverse=True)
    return np.where(column == "", -1, numbers).astype(np.int64)


def _views(context: StageContext) -> Any:
    """Each row's kind of view: frontal 0, lateral 1, neither 2; None where the manifest has no views."""
    from longtail.predict.view_groups import view_groups

    return view_groups(context.manifest.column("view")).astype(np.int64) if context.manifest.has("view") else None


def _channels(wanted: float | list[float] | None, own: tuple[float, ...]) -> tuple[float, ...]:
    if wanted is None:
        return own
    return tuple(wanted) if isinstance(wanted, list) else (float(wanted),)


def stage_facts(context: StageContext, job: TrainJob, chosen: Selection, result: TrainResult) -> dict[str, Any]:
    """What `stage.json` tells of a stage that predicts."""
    return {
        "task": job.task,
        "labels": list(job.labels),
        "images": context.recipe.images.model_dump(mode="json"),
        "sources": len(_source_names(context)),
        "source_names": _source_names(context),
        "model": model_settings(context.recipe, changed(context.stage, result.facts.get("chosen", {}))),
        "channels": job.prepared.key.channels,
        "mean": list(job.mean),
        "std": list(job.std),
        "rows": len(job.train_rows),
        "valid_rows": len(job.valid_rows),
        "class_counts": dict(zip(job.labels, job.class_counts.tolist(), strict=True)),
        "kept": {"epoch": result.epoch, "metric": result.metric, "value": result.value},
        "oversampled": chosen.flagged if context.stage.oversample else None,
        "dropped": [label for label, stays in zip(job.labels, job.active, strict=True) if not stays],
        **result.facts,
    }
