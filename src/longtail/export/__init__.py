"""The export room: a run as one folder that predicts without its run, and what a run costs.

Three formats (`formats/`, one file each) hold the networks from uint8 pixels to probabilities; everything else (images,
studies, views, thresholds, calibration, the model card) lies beside them as text. Opening and predicting with an export
never imports torch, unless its format is torch. No training may enter.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.export.bundle import Bundle as Bundle
    from longtail.export.bundle import Member as Member
    from longtail.export.bundling import run_bundle as run_bundle
    from longtail.export.exporting import Exported as Exported
    from longtail.export.exporting import export as export
    from longtail.export.formats import FORMATS as FORMATS
    from longtail.export.predicting import predict_export as predict_export
    from longtail.export.profiling import profile as profile
    from longtail.export.stored import is_export as is_export
    from longtail.export.stored import read_export as read_export

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
