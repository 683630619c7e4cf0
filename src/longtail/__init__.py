"""longtail: train classifiers in stages on images whose labels have a long tail.

Nothing heavy is imported here: names load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longtail.data.manifest import Manifest
    from longtail.errors import UserError

__version__ = "0.1.0"

_HOME = {"Manifest": "longtail.data.manifest", "UserError": "longtail.errors"}

__all__ = ["Manifest", "UserError", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'longtail' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)
