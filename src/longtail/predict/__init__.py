"""The predict room: prediction files, and everything that makes better predictions of them without training.

Names load on first use, so that files, thresholds and calibration work without torch. Of the stages only a run's
folder, its trained networks and which images make a study are asked for; no training may enter.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
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
    from longtail.predict.soups import SOUPS as SOUPS
    from longtail.predict.soups.averaging import soup as soup
    from longtail.predict.soups.greedy import greedy_soup as greedy_soup
    from longtail.predict.soups.uniform import uniform_soup as uniform_soup
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

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
