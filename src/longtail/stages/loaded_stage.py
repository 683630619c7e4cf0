"""A finished stage of a run as a model that predicts, for `longtail.predict`, `export` and `serve`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from longtail.augment.levels import normalised
from longtail.augment.min_max import MinMax
from longtail.augment.normalize import Normalize, check_moments
from longtail.data.images.resize import Rule
from longtail.data.manifest import Task
from longtail.errors import UserError
from longtail.models.classifier import Classifier
from longtail.models.weights.saving import load_weights
from longtail.stages.hand_over import HELD_OUT, WEIGHTS
from longtail.stages.loading_models import build_model
from longtail.stages.precision import Precision, chosen_precision
from longtail.stages.readers import level_steps
from longtail.stages.recipe import PREDICTING
from longtail.stages.store import read_facts

_PLAIN = Precision("fp32", False, torch.device("cpu"))


@dataclass(frozen=True, eq=False)
class LoadedStage:
    """A stage's model in eval mode on a device, and how its images are made.

    `mean`, `std` and `rescale` are those of its validation, also where its list of augmentations set them. `precision`
    is what it predicts in.
    """

    model: Classifier
    labels: tuple[str, ...]
    task: Task
    image_size: int
    channels: Literal[1, 3]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: Rule
    window: str
    active: Tensor  # (C,) of the labels
    identity: str
    rescale: bool = False
    source_names: tuple[str, ...] = ()  # data sets by their numbers, for heads that embed them
    precision: Precision = _PLAIN

    def normalised(self, images: Tensor) -> Tensor:
        """Images `(B, Ch, H, W)` in [0, 1] with the levels that the network was trained on."""
        mean, std = (torch.tensor(each, device=images.device).view(1, -1, 1, 1) for each in (self.mean, self.std))
        return normalised(images, mean, std, self.rescale)

    @property
    def of_studies(self) -> bool:
        """Whether its head reads all images of a study together."""
        return self.model.head.of_studies

    def predict_logits(self, images: Tensor, **known: Tensor) -> Tensor:
        """Logits `(B, C)` of normalised images; a single-label stage never predicts a class that it had dropped.

        `known` are each image's `source`, for heads that embed it, and its `study` and kind of `view`, for heads of
        studies; without, it is of no known data set and stands alone.
        """
        with torch.inference_mode(), self.precision.autocast():
            logits = self.model.predict_logits(self.precision.images(images), **known).float()
            return logits.masked_fill(~self.active, -torch.inf) if self.task == "singlelabel" else logits


def load_held_out(run: str | Path, stage: str, device: str = "cpu") -> LoadedStage:
    """The model to judge by validation rows: of a stage that was refitted on them, the one of before."""
    there = (Path(run) / "stages" / stage / HELD_OUT).is_file()
    return load_stage_model(run, stage, device, weights=HELD_OUT if there else WEIGHTS)


def load_stage_model(
    run: str | Path, stage: str, device: str = "cpu", *, weights: str = WEIGHTS, precision: str = "auto"
) -> LoadedStage:
    """The model of stage `stage` of `run`, as it was kept.

    `precision` auto is the quickest that is safe on the device, and fp32 where the stage was trained so.
    """
    folder = Path(run) / "stages" / stage
    facts = read_facts(folder)
    if facts.get("kind") not in PREDICTING:
        raise UserError(f"stage '{stage}' is of kind {facts.get('kind')}, which predicts nothing; name another stage.")
    labels, size = tuple(facts["labels"]), facts["settings"]["image_size"]
    settings = {**facts["model"], "weights": "none"}
    model = build_model(settings, labels, facts["channels"], size, sources=facts.get("sources", 0))
    load_weights(model, folder / weights)
    active = torch.tensor([label not in facts["dropped"] for label in labels], device=device)
    asked = "fp32" if precision == "auto" and facts["settings"].get("precision") == "fp32" else precision
    chosen = chosen_precision(asked, torch.device(device), model.backbone.name, size)
    chosen.placed(model)
    mean, std, rescale = _levels(facts)
    return LoadedStage(
        model=model.eval(),
        labels=labels,
        task=facts["task"],
        image_size=size,
        channels=cast(Literal[1, 3], facts["channels"]),
        mean=mean,
        std=std,
        resize=facts["images"]["resize"],
        window=facts["images"]["window"],
        active=active,
        identity=facts["identity"],
        rescale=rescale,
        source_names=tuple(facts.get("source_names", ())),
        precision=chosen,
    )


def _levels(facts: dict[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...], bool]:
    """Mean, standard deviation, and whether levels are stretched, as the stage's validation had them."""
    mean, std, rescale = list(facts["mean"]), list(facts["std"]), False
    for step in level_steps(facts["settings"].get("augment") or []):
        rescale = rescale or isinstance(step, MinMax)
        if isinstance(step, Normalize):
            mean, std = check_moments(step.mean, step.std)
    shaped = (each if len(each) in (1, facts["channels"]) else [float(np.mean(each))] for each in (mean, std))
    mean, std = shaped
    return tuple(mean), tuple(std), rescale
