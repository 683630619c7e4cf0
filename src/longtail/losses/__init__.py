"""The losses room: one file per loss, a pure function first and then a thin registered module.

Usable alone in anyone's PyTorch loop: `from longtail.losses import ldam_loss`. No model, no sampler and no trainer may
enter. Conventions: logits `(B, C)`; multi-label targets `(B, C)` float in {0, 1, nan}, nan unknown and masked;
single-label targets `(B,)` integer, -1 unknown and masked; `class_counts` `(C,)` are the training stage's own.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

LOSSES: Registry[Callable[..., Any]] = Registry("loss", "longtail.losses")


def __getattr__(name: str) -> Any:
    """Functions and modules of every file of this room, found on first use (so that torch loads only then)."""
    if not name.startswith("_"):
        for found in pkgutil.iter_modules(__path__):
            module = importlib.import_module(f"{__name__}.{found.name}")
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module 'longtail.losses' has no attribute '{name}'")
