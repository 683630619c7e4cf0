"""timm's own conversion of published checkpoints, found by architecture.

Each timm family has a function that renames the tensors of the original release and interpolates position embeddings
and relative biases to the model's image size (those of DINOv2's files are made before it, as DINOv2 does). It is the
one that timm applies to the hub's weights; its name is not the same in every family, and a wrong or absent one is
harmless: the strict comparison afterwards refuses what doesn't fit.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from torch import Tensor

from longtail.models.weights.dinov2_positions import antialiased, with_positions
from longtail.models.weights.transformers_dinov2 import from_transformers

Conversion = Callable[[dict[str, Tensor]], dict[str, Tensor]]
_NAMES = ("checkpoint_filter_fn", "_filter_torchvision_pretrained", "_filter_fn", "checkpoint_filter_fn_classifier")


def conversion_of(name: str, model: Any) -> Conversion | None:
    """The function that brings a state dict into the form of timm's `model`, or None where the family has none."""
    import timm

    family = sys.modules[timm.models.model_entrypoint(name.partition(".")[0]).__module__]
    found = next((getattr(family, each) for each in _NAMES if hasattr(family, each)), None)
    if found is None:
        return None
    convert = _of_one_argument(found, model)
    grid = getattr(getattr(model, "patch_embed", None), "grid_size", None)
    if grid is None or antialiased(name):
        return lambda state: convert(from_transformers(state))
    return lambda state: convert(with_positions(from_transformers(state), grid))


def _of_one_argument(function: Callable[..., Any], model: Any) -> Conversion:
    parameters = inspect.signature(function).parameters
    if "model" in parameters:
        function = functools.partial(function, model=model)
    if "adapt_layer_scale" in parameters:  # DeiT III's original names; it changes no other file
        function = functools.partial(function, adapt_layer_scale=True)
    return function
