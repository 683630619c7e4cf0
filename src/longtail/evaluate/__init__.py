"""The evaluate room: metrics of targets and scores, undefined labels with their reasons, intervals and comparisons.

`evaluate` and `compare` do all of it for prediction files, which `longtail.predict` reads. The others are pure
functions of numpy arrays: targets `(N, C)` in {0, 1, nan} or classes `(N,)` (-1 unknown), scores `(N, C)`, results
`(C,)` with nan where undefined. Neither torch nor scikit-learn may enter.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.evaluate.ap import average_precision as average_precision
    from longtail.evaluate.calibration_error import ece_cxrlt_style as ece_cxrlt_style
    from longtail.evaluate.calibration_error import ece_top_class as ece_top_class
    from longtail.evaluate.calibration_error import ece_top_label as ece_top_label
    from longtail.evaluate.calibration_error import expected_calibration_error as expected_calibration_error
    from longtail.evaluate.comparison import Comparison as Comparison
    from longtail.evaluate.comparison import compare as compare
    from longtail.evaluate.confusion import accuracy as accuracy
    from longtail.evaluate.confusion import balanced_accuracy as balanced_accuracy
    from longtail.evaluate.confusion import class_f1 as class_f1
    from longtail.evaluate.confusion import class_recall as class_recall
    from longtail.evaluate.confusion import confusion_matrix as confusion_matrix
    from longtail.evaluate.confusion import kappa as kappa
    from longtail.evaluate.confusion import macro_f1 as macro_f1
    from longtail.evaluate.confusion import matthews as matthews
    from longtail.evaluate.decision_counts import Outcomes as Outcomes
    from longtail.evaluate.decision_counts import outcomes as outcomes
    from longtail.evaluate.decisions import f1 as f1
    from longtail.evaluate.decisions import precision as precision
    from longtail.evaluate.decisions import recall as recall
    from longtail.evaluate.decisions import specificity as specificity
    from longtail.evaluate.defined import Mean as Mean
    from longtail.evaluate.defined import Undefined as Undefined
    from longtail.evaluate.defined import macro as macro
    from longtail.evaluate.defined import undefined_labels as undefined_labels
    from longtail.evaluate.evaluation import evaluate as evaluate
    from longtail.evaluate.fixed_specificity import sensitivity_at_specificity as sensitivity_at_specificity
    from longtail.evaluate.frequency import class_groups as class_groups
    from longtail.evaluate.frequency import group_means as group_means
    from longtail.evaluate.intervals import Intervals as Intervals
    from longtail.evaluate.intervals import bootstrap as bootstrap
    from longtail.evaluate.label_ranking import coverage_error as coverage_error
    from longtail.evaluate.label_ranking import label_ranking_average_precision as label_ranking_average_precision
    from longtail.evaluate.label_ranking import label_ranking_loss as label_ranking_loss
    from longtail.evaluate.label_ranking import lrap_columns as lrap_columns
    from longtail.evaluate.multiple import bootstrap_p as bootstrap_p
    from longtail.evaluate.multiple import holm as holm
    from longtail.evaluate.probability_scores import brier as brier
    from longtail.evaluate.probability_scores import log_loss as log_loss
    from longtail.evaluate.results import Evaluation as Evaluation
    from longtail.evaluate.results import Number as Number
    from longtail.evaluate.roc import auroc as auroc
    from longtail.evaluate.roc_test import DeLong as DeLong
    from longtail.evaluate.roc_test import delong as delong
    from longtail.evaluate.top_k import top_k_accuracy as top_k_accuracy

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
