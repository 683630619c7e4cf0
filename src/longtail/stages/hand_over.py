"""What a stage takes over from its parent: the backbone, and the head unless it is another or starts anew."""

from pathlib import Path
from typing import Any

from torch import Tensor

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.models.classifier import Classifier
from longtail.models.heads.base import class_rows
from longtail.models.weights.reading import read_state
from longtail.stages.recipe import HandOver
from longtail.stages.store import read_facts

WEIGHTS = "weights.safetensors"
RAW = "raw.safetensors"  # not averaged, of a stage that kept the average
HELD_OUT = "weights-held-out.safetensors"  # of a refitted stage: those that validation chose, before it saw these rows
State = dict[str, Tensor]


def take_over(model: Classifier, parent: Path, rules: HandOver, labels: tuple[str, ...]) -> None:
    """Fill `model` from the finished stage in `parent`.

    A head of the same kind is copied; its classes are those of `labels`, new ones start anew. A head of another kind
    takes over what fits (stage 1's linear weights in `tau_norm` or `lws`), or starts anew where nothing does.
    """
    facts = read_facts(parent)
    state = read_state(parent / (RAW if not rules.ema and (parent / RAW).is_file() else WEIGHTS))
    if facts["kind"] == "pretrain":
        load_backbone(model.backbone, state, parent)
        return
    load_backbone(model.backbone, _part(state, "backbone."), parent)
    if rules.head == "keep":
        _keep_head(model, _part(state, "head."), facts, labels)


def load_backbone(backbone: Backbone, state: State, source: Path) -> None:
    """Fit a backbone's tensors; position embeddings are interpolated to the new image size."""
    backbone.load_state(state, f"stage '{source.name}'")


def _part(state: State, prefix: str) -> State:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _keep_head(model: Classifier, state: State, facts: dict[str, Any], labels: tuple[str, ...]) -> None:
    """Give the head its parent's classes, load, then change the classes to `labels`."""
    old = tuple(facts["labels"])
    if old != labels:
        model.head.resize(class_rows(labels, old))
    own = model.head.state_dict()
    if {name: tensor.shape for name, tensor in own.items()} == {name: tensor.shape for name, tensor in state.items()}:
        model.head.load_state_dict(state)
    else:
        _take_what_fits(model, state)
    if old != labels:
        model.head.resize(class_rows(old, labels))


def _take_what_fits(model: Classifier, state: State) -> None:
    try:
        model.head.take_over(state)
    except UserError as error:
        raise UserError(f"{error} Or start the head anew: hand_over: {{head: reset}}.") from error
