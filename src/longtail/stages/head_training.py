"""Stages that train only a head: on features of the frozen backbone, computed once, where that gives the same result.

Measured with a frozen ResNet over 10 epochs: 10x (fp32) to 20x (bf16) as fast as running the backbone in every epoch,
and some 500x for each further head on the same features. The model that is trained then is the head behind a backbone
that hands features on; everything else of the loop stays.
"""

import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from longtail.augment.building import build_steps
from longtail.augment.step import Step
from longtail.errors import UserError
from longtail.files import make_folder
from longtail.losses import LOSSES
from longtail.models.classifier import Classifier
from longtail.models.features import Want
from longtail.running.processes import World, pick_device
from longtail.stages.cached_backbone import CachedBackbone
from longtail.stages.feature_cache import KINDS, FeaturePlan, cached_features, features_of
from longtail.stages.inputs import Inputs, image_inputs
from longtail.stages.job import TrainJob
from longtail.stages.live_features import LiveFeatureReader
from longtail.stages.precision import Precision, chosen_precision
from longtail.stages.predicting_rows import evaluating
from longtail.stages.readers import FeatureReader

FEATURES = "checkpoint-features"  # in the stage's folder, where there is no store


def inputs_of(job: TrainJob, precision: Precision, world: World) -> Inputs:
    """What the stage's model reads: cached features where it only trains a head and may, else images."""
    reason = why_not_cached(job)
    if job.settings.cache == "on" and reason is not None:
        raise UserError(f"stage '{job.name}' has cache: on, but {reason}; write cache: auto, or change that.")
    return image_inputs(job, precision, world) if reason is not None else _cached_inputs(job, precision, world)


def stage_precision(job: TrainJob, world: World) -> Precision:
    """What the stage computes in; `auto` is fp32 for cached features, which cost their time only once."""
    device, asked = pick_device(world), job.settings.precision
    found = chosen_precision(asked, device, job.model.backbone.name, job.prepared.key.size)
    return replace(found, name="fp32") if asked == "auto" and why_not_cached(job) is None else found


def shared_inputs(job: TrainJob, precision: Precision, world: World) -> Inputs:
    """Features for several heads side by side: cached, or else computed once for each batch."""
    inputs = inputs_of(job, precision, world)
    if isinstance(inputs.model.backbone, CachedBackbone):
        return inputs
    kind = next(iter(job.model.head.wants))
    precision.placed(job.model)
    train, second, valid = (
        LiveFeatureReader(read, job.model.backbone, kind, precision)
        for read in (inputs.train, inputs.second, inputs.valid)
    )
    facts = {**inputs.facts, "features": "shared"}
    return replace(inputs, model=behind_features(job, kind), train=train, second=second, valid=valid, facts=facts)


def why_not_cached(job: TrainJob) -> str | None:
    """Why features can't be computed once for this stage; None where they can, and shall."""
    settings = job.settings
    if settings.cache == "off":
        return "it is switched off"
    if (reason := why_not_shared(job)) is not None:
        return reason
    if settings.cache == "auto" and settings.cached_views == 1 and is_random(settings.augment):
        return "its images are augmented anew each time (cached_views: 4 would take four versions of each in turn)"
    if job.paste is not None:
        return "findings are pasted onto its images anew each time"
    return None


def why_not_shared(job: TrainJob) -> str | None:
    """Why several heads can't read one batch's features; None where they can."""
    settings, wants = job.settings, job.model.head.wants
    if settings.train != "head" or settings.frozen_bn != "eval":
        return "its backbone changes (train: head and frozen_bn: eval keep it as it is)"
    if len(wants) != 1 or not wants <= KINDS:
        return f"its head reads {' and '.join(sorted(wants))}, and only one kind of {', '.join(sorted(KINDS))} is kept"
    if settings.mix is not None:
        return "it mixes images, and features of mixed images are others each time"
    if wants != {"pooled"} and any(_needs_features(part.name) for part in settings.loss or []):
        return "a loss reads pooled features beside the head's"
    return None


def is_random(augment: list[Any]) -> bool:
    """Whether a list of steps changes images from one epoch to the next."""
    return any(isinstance(step, Step) for step in build_steps(augment).values())


def _cached_inputs(job: TrainJob, precision: Precision, world: World) -> Inputs:
    kind = next(iter(job.model.head.wants))
    pixels = image_inputs(job, precision, world, hold=False)
    steps = list(build_steps(job.settings.augment).values())
    plain = repr([step for step in steps if not isinstance(step, Step)])
    rows, others = np.unique(job.train_rows), np.unique(job.valid_rows)
    train = valid = FeaturePlan(kind, rows, 1, plain, None)
    if is_random(job.settings.augment):
        train = FeaturePlan(kind, rows, job.settings.cached_views, repr(steps), job.seed)
    valid = replace(valid, rows=others)
    if job.settings.cache == "auto" and not _fits_disk(job, train, valid, pixels):
        return pixels
    store = job.feature_store or job.folder / FEATURES
    features, computed = cached_features(train, job, pixels.train, precision, world, store)
    read = judged = FeatureReader(features, precision)
    facts = {"features": "computed" if computed else "reused", "views": train.views}
    if len(valid.rows):
        found, _ = cached_features(valid, job, pixels.valid, precision, world, store)
        judged = FeatureReader(found, precision)
    return Inputs(behind_features(job, kind), read, read, judged, facts, ahead=False)


def behind_features(job: TrainJob, kind: Want) -> Classifier:
    """The job's head behind a backbone that hands features on."""
    small = Classifier(CachedBackbone(job.model.backbone, kind), job.model.head)
    small.train(job.model.training)
    return small


def _fits_disk(job: TrainJob, train: FeaturePlan, valid: FeaturePlan, pixels: Inputs) -> bool:
    """Whether the features, measured on one image, take at most half of the free disk."""
    with evaluating(job.model), torch.inference_mode():
        one = features_of(job.model.backbone, pixels.valid(job.train_rows[:1], 0).cpu(), train.kind)
    rows = len(train.rows) * train.views + len(valid.rows)
    place = make_folder(job.feature_store or job.folder)
    return rows * one.numel() * train.kept_as().itemsize <= shutil.disk_usage(place).free // 2


def _needs_features(loss: str) -> bool:
    return getattr(LOSSES.find(loss).function, "needs", "logits") == "features"
