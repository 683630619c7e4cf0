"""The augmentation room: random changes of whole batches of prepared pixels, one file each, and mixing of images.

Usable alone in anyone's PyTorch loop: `Augment(["hflip", {"cutout": {"holes": 5}}], mean=0.5, std=0.25, seed=0)` turns
uint8 `(B, H, W, C)` into float `(B, C, H, W)`. No decoding, sampler or model may enter; pasting lesions belongs here.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

AUGMENTATIONS: Registry[Callable[..., Any]] = Registry("augmentation", "longtail.augment")
MIXES: Registry[Callable[..., Any]] = Registry("mix", "longtail.augment")


def __getattr__(name: str) -> Any:
    """Functions and classes of every file of this room, found on first use (so that torch loads only then)."""
    if not name.startswith("_"):
        for found in pkgutil.iter_modules(__path__):
            module = importlib.import_module(f"{__name__}.{found.name}")
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module 'longtail.augment' has no attribute '{name}'")
