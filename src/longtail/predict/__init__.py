"""The predict room: prediction files, and everything that makes better predictions of them without training.

Names load on first use, so that files, thresholds and calibration work without torch; no stage or trainer may enter.
A part adds itself to `_HOME` (module: names) and to the block for type checkers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longtail.predict.files import read_predictions as read_predictions
    from longtail.predict.files import write_predictions as write_predictions
    from longtail.predict.matching import Aligned as Aligned
    from longtail.predict.matching import align as align
    from longtail.predict.predictions import Predictions as Predictions

_HOME = {
    "files": ["read_predictions", "write_predictions"],
    "matching": ["Aligned", "align"],
    "predictions": ["Predictions"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'longtail.predict' has no attribute '{name}'")
    return getattr(import_module(f"longtail.predict.{_MODULE_OF[name]}"), name)
