"""The model room: backbones (any of timm's and our own), heads on their features, the two together, and their weights.

Usable alone: `Classifier(build_backbone("resnet18", weights=None), build_head("linear", sizes, 5))`. No loss, sampler,
optimiser or training loop may enter: a model turns normalised images `(B, C, H, W)` into logits `(B, classes)`.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

BACKBONES: Registry[Callable[..., Any]] = Registry("backbone", "longtail.models.backbones")
HEADS: Registry[Callable[..., Any]] = Registry("head", "longtail.models.heads")


def __getattr__(name: str) -> Any:
    """Functions and classes of every file of this room, found on first use (so that torch loads only then)."""
    if not name.startswith("_"):
        for found in pkgutil.walk_packages(__path__, f"{__name__}."):
            module = importlib.import_module(found.name)
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module 'longtail.models' has no attribute '{name}'")
