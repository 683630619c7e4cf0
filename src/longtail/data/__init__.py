"""The data room: from published files and DICOM to a manifest, splits and prepared pixels.

Here live the manifest, label states, readers of published data sets, image decoding, splits, tails and phantoms.
No sampling, no augmentation, no training may enter; nothing here imports torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longtail.data.manifest import Manifest, from_classes, from_states
    from longtail.data.validate import Problem, validate

_HOME = {
    "Manifest": "manifest",
    "from_classes": "manifest",
    "from_states": "manifest",
    "Problem": "validate",
    "validate": "validate",
}

__all__ = ["Manifest", "Problem", "from_classes", "from_states", "validate"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'longtail.data' has no attribute '{name}'")
    return getattr(import_module(f"longtail.data.{_HOME[name]}"), name)
