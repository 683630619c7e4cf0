"""A finished stage of a run as a model that predicts, for `longtail.predict`, `export` and `serve`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import torch
from torch import Tensor

from longtail.data.images.resize import Rule
from longtail.data.manifest import Task
from longtail.errors import UserError
from longtail.models.classifier import Classifier
from longtail.models.weights.saving import load_weights
from longtail.stages.hand_over import HELD_OUT, WEIGHTS
from longtail.stages.loading_models import build_model
from longtail.stages.store import read_facts


@dataclass(frozen=True, eq=False)
class LoadedStage:
    """A stage's model in eval mode on a device, and how its images are made."""

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

    def predict_logits(self, images: Tensor) -> Tensor:
        """Logits `(B, C)` of normalised images; a single-label stage never predicts a class that it had dropped."""
        with torch.inference_mode():
            logits = self.model.predict_logits(images)
            return logits.masked_fill(~self.active, -torch.inf) if self.task == "singlelabel" else logits


def load_held_out(run: str | Path, stage: str, device: str = "cpu") -> LoadedStage:
    """The model to judge by validation rows: of a stage that was refitted on them, the one of before."""
    there = (Path(run) / "stages" / stage / HELD_OUT).is_file()
    return load_stage_model(run, stage, device, weights=HELD_OUT if there else WEIGHTS)


def load_stage_model(run: str | Path, stage: str, device: str = "cpu", *, weights: str = WEIGHTS) -> LoadedStage:
    """The model of stage `stage` of `run`, as it was kept."""
    folder = Path(run) / "stages" / stage
    facts = read_facts(folder)
    if facts.get("kind") != "train":
        raise UserError(f"stage '{stage}' is of kind {facts.get('kind')}, which predicts nothing; name another stage.")
    labels, size = tuple(facts["labels"]), facts["settings"]["image_size"]
    settings = {**facts["model"], "weights": "none"}
    model = build_model(settings, labels, facts["channels"], size, sources=facts.get("sources", 0))
    load_weights(model, folder / weights)
    active = torch.tensor([label not in facts["dropped"] for label in labels], device=device)
    return LoadedStage(
        model=model.to(device).eval(),
        labels=labels,
        task=facts["task"],
        image_size=size,
        channels=cast(Literal[1, 3], facts["channels"]),
        mean=tuple(facts["mean"]),
        std=tuple(facts["std"]),
        resize=facts["images"]["resize"],
        window=facts["images"]["window"],
        active=active,
        identity=facts["identity"],
    )
