"""The sampling room: which rows an epoch shows, and how often; one file per way, a pure function of (seed, epoch).

Numpy only: no torch, no images, no model may enter. `EpochSampler` makes any of them a sampler for a `DataLoader`.
Targets are `(N, C)` states in {0, 1, nan} or `(N,)` classes, -1 unknown; unknown counts for nothing.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

SAMPLERS: Registry[Callable[..., Any]] = Registry("sampler", "longtail.sampling")


def __getattr__(name: str) -> Any:
    """Functions and classes of every file of this room, found on first use."""
    if not name.startswith("_"):
        for found in pkgutil.iter_modules(__path__):
            module = importlib.import_module(f"{__name__}.{found.name}")
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module 'longtail.sampling' has no attribute '{name}'")
