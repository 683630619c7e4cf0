"""Memory and disk that a recipe will take, before anything is trained.

A stage's model is built without memory (on torch's `meta` device), so weights are counted exactly. Activations are
what every layer hands on, in fp32 (bf16 takes half): a rough figure, since libraries share some and add buffers.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from longtail.data.manifest import Manifest
from longtail.stages.identity import model_settings
from longtail.stages.mistakes import at
from longtail.stages.recipe import Recipe, Stage
from longtail.stages.trying_models import CANNOT_TELL, bare_model

Known = dict[str, tuple[int, int] | None]  # what was measured of networks, by all that they are built from

_MOMENTS = {"sgd": 1, "rmsprop": 2}  # tensors of a weight's size that an optimiser keeps; 2 for the others


@dataclass(frozen=True)
class Estimate:
    """Bytes of one stage."""

    parameters: int  # how many, not bytes
    training: int  # weights, gradients, optimiser and the activations of one batch
    disk: int  # the finished stage, with its checkpoint while it trains


def prepared_bytes(recipe: Recipe, manifest: Manifest, channels: int) -> dict[int, int]:
    """Bytes of prepared images for each image size that the recipe asks for."""
    sizes = sorted({stage.image_size for stage in recipe.stages.values()})
    return {size: len(manifest) * size * size * channels for size in sizes}


def estimate(
    recipe: Recipe, name: str, *, classes: int, channels: int = 3, known: Known | None = None
) -> Estimate | None:
    """What stage `name` takes; None for kinds that are not supervised, and models that torch cannot build on `meta`.

    Networks in `known` are not built again, and new ones join them.
    """
    stage = recipe.stages[name]
    if stage.kind != "train":
        return None
    known = {} if known is None else known
    settings: dict[str, Any] = {**model_settings(recipe, stage), "weights": "none"}
    key = json.dumps([settings, classes, channels, stage.image_size], sort_keys=True, default=repr)
    if key not in known:
        with at("stages", name, "model"):
            known[key] = _measured(settings, classes, channels, stage.image_size)
    if (measured := known[key]) is None:
        return None
    parameters, activations = measured
    moments = 0 if stage.train == "head" else _MOMENTS.get(stage.optimizer.name, 2)
    kept = 2 + moments + (1 if stage.ema else 0)  # weights, gradients or the best so far, moments, average
    memory = 4 * (parameters * kept + activations * _at_once(stage))
    return Estimate(parameters, memory, 4 * parameters * kept)


def _at_once(stage: Stage) -> int:
    """Images of which activations are kept: a frozen backbone keeps those of one layer or two."""
    batch = min(stage.batch_size, stage.micro_batch) if isinstance(stage.micro_batch, int) else stage.batch_size
    return -(-batch // 8) if stage.train == "head" else batch


def _measured(settings: Mapping[str, Any], classes: int, channels: int, size: int) -> tuple[int, int] | None:
    """Parameters, and the numbers that layers hand on for one image; None where that can't be told."""
    import torch

    try:
        model = bare_model(settings, classes, channels, size).eval()
        with torch.device("meta"), torch.no_grad(), _counting(model) as count:
            model(torch.empty(1, channels, size, size))
    except CANNOT_TELL:
        return None
    return sum(tensor.numel() for tensor in model.parameters()), count[0]


@contextmanager
def _counting(model: Any) -> Iterator[list[int]]:
    """Adds up the sizes of what each layer without layers of its own gives."""
    total = [0]

    def add(_: Any, __: Any, output: Any) -> None:
        total[0] += output.numel() if hasattr(output, "numel") else 0

    hooks = [module.register_forward_hook(add) for module in model.modules() if not list(module.children())]
    try:
        yield total
    finally:
        for hook in hooks:
            hook.remove()
