"""The predict room: prediction files, and everything that makes better predictions of them without training.

Names load on first use, so that files, thresholds and calibration work without torch; no stage or trainer may enter.
A part adds itself to `_HOME` (module: names) and to the block for type checkers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from longtail.rooms import as_verb

if TYPE_CHECKING:
    from longtail.predict.calibration import calibrate as calibrate
    from longtail.predict.calibration import fit_calibration as fit_calibration
    from longtail.predict.combining import Judges as Judges
    from longtail.predict.combining import Plan as Plan
    from longtail.predict.combining import combine as combine
    from longtail.predict.decisions import Decisions as Decisions
    from longtail.predict.decisions import decide as decide
    from longtail.predict.decisions import read_decisions as read_decisions
    from longtail.predict.decisions import write_decisions as write_decisions
    from longtail.predict.ensembles import ENSEMBLES as ENSEMBLES
    from longtail.predict.ensembles.diversity import Diversity as Diversity
    from longtail.predict.ensembles.diversity import diversity as diversity
    from longtail.predict.ensembles.diversity import member_correlation as member_correlation
    from longtail.predict.ensembles.ensembling import ensemble as ensemble
    from longtail.predict.ensembles.members import Judge as Judge
    from longtail.predict.ensembles.members import judge_of as judge_of
    from longtail.predict.files import read_predictions as read_predictions
    from longtail.predict.files import write_predictions as write_predictions
    from longtail.predict.identity import with_ids as with_ids
    from longtail.predict.matching import Aligned as Aligned
    from longtail.predict.matching import align as align
    from longtail.predict.merging_files import predict_from_files as predict_from_files
    from longtail.predict.predicting import predict as predict
    from longtail.predict.predictions import Predictions as Predictions
    from longtail.predict.soups import greedy_soup as greedy_soup
    from longtail.predict.soups import soup as soup
    from longtail.predict.stage_predicting import LoadedModel as LoadedModel
    from longtail.predict.stage_predicting import predict_stage as predict_stage
    from longtail.predict.studies import STUDIES as STUDIES
    from longtail.predict.studies.aggregation import to_studies as to_studies
    from longtail.predict.submissions import SUBMISSIONS as SUBMISSIONS
    from longtail.predict.submissions.submitting import submit as submit
    from longtail.predict.thresholds import choose_thresholds as choose_thresholds
    from longtail.predict.tta import TTA as TTA
    from longtail.predict.tta.predicting_views import predict_with_tta as predict_with_tta
    from longtail.predict.view_rules import VIEW_RULES as VIEW_RULES
    from longtail.predict.view_rules.view_choice import ViewChoice as ViewChoice
    from longtail.predict.view_rules.view_choice import ViewJudge as ViewJudge
    from longtail.predict.view_rules.view_choice import choose_views as choose_views

_HOME = {
    "calibration": ["calibrate", "fit_calibration"],
    "decisions": ["Decisions", "decide", "read_decisions", "write_decisions"],
    "thresholds": ["choose_thresholds"],
    "combining": ["Judges", "Plan", "combine"],
    "ensembles": ["ENSEMBLES"],
    "ensembles.diversity": ["Diversity", "diversity", "member_correlation"],
    "ensembles.ensembling": ["ensemble"],
    "ensembles.members": ["Judge", "judge_of"],
    "identity": ["with_ids"],
    "merging_files": ["predict_from_files"],
    "predicting": ["predict"],
    "soups": ["greedy_soup", "soup"],
    "stage_predicting": ["LoadedModel", "predict_stage"],
    "studies": ["STUDIES"],
    "studies.aggregation": ["to_studies"],
    "submissions": ["SUBMISSIONS"],
    "submissions.submitting": ["submit"],
    "tta": ["TTA"],
    "tta.predicting_views": ["predict_with_tta"],
    "view_rules": ["VIEW_RULES"],
    "view_rules.view_choice": ["ViewChoice", "ViewJudge", "choose_views"],
    "files": ["read_predictions", "write_predictions"],
    "matching": ["Aligned", "align"],
    "predictions": ["Predictions"],
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)

as_verb(__name__)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'longtail.predict' has no attribute '{name}'")
    return getattr(import_module(f"longtail.predict.{_MODULE_OF[name]}"), name)
