"""The export room: a run as one folder that predicts without its run, and what a run costs.

Three formats (`formats/`, one file each) hold the networks from uint8 pixels to probabilities; everything else (images,
studies, views, thresholds, calibration, the model card) lies beside them as text. Opening and predicting with an export
never imports torch, unless its format is torch. No training may enter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from longtail.rooms import as_verb

if TYPE_CHECKING:
    from longtail.export.bundle import Bundle as Bundle
    from longtail.export.bundle import Member as Member
    from longtail.export.exporting import Exported as Exported
    from longtail.export.exporting import export as export
    from longtail.export.formats import FORMATS as FORMATS
    from longtail.export.predicting import predict_export as predict_export
    from longtail.export.profiling import profile as profile
    from longtail.export.run_bundle import run_bundle as run_bundle
    from longtail.export.stored import is_export as is_export
    from longtail.export.stored import read_export as read_export

_HOME = {
    "bundle": ["Bundle", "Member"],
    "exporting": ["Exported", "export"],
    "formats": ["FORMATS"],
    "predicting": ["predict_export"],
    "profiling": ["profile"],
    "run_bundle": ["run_bundle"],
    "stored": ["is_export", "read_export"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)

as_verb(__name__)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'longtail.export' has no attribute '{name}'")
    return getattr(import_module(f"longtail.export.{_MODULE_OF[name]}"), name)
