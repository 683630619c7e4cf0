"""The losses room: one file per loss, a pure function first and then a thin registered module.

Usable alone in anyone's PyTorch loop: `from longtail.losses import ldam_loss`. No model, no sampler and no trainer may
enter. Conventions: logits `(B, C)`; multi-label targets `(B, C)` float in {0, 1, nan}, nan unknown and masked;
single-label targets `(B,)` integer, -1 unknown and masked; `class_counts` `(C,)` are the training stage's own.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.losses.asymmetric import Asymmetric as Asymmetric
    from longtail.losses.asymmetric import asymmetric_loss as asymmetric_loss
    from longtail.losses.balanced_softmax import BalancedSoftmax as BalancedSoftmax
    from longtail.losses.balanced_softmax import balanced_softmax_loss as balanced_softmax_loss
    from longtail.losses.bce import BCE as BCE
    from longtail.losses.bce import balanced_pos_weight as balanced_pos_weight
    from longtail.losses.bce import bce_loss as bce_loss
    from longtail.losses.cb_focal import CBFocal as CBFocal
    from longtail.losses.cb_focal import cb_focal_loss as cb_focal_loss
    from longtail.losses.cb_focal import prior_bias as prior_bias
    from longtail.losses.center import Center as Center
    from longtail.losses.center import center_loss as center_loss
    from longtail.losses.cross_entropy import CrossEntropy as CrossEntropy
    from longtail.losses.cross_entropy import cross_entropy_loss as cross_entropy_loss
    from longtail.losses.distribution_balanced import DistributionBalanced as DistributionBalanced
    from longtail.losses.distribution_balanced import distribution_balanced_loss as distribution_balanced_loss
    from longtail.losses.focal import Focal as Focal
    from longtail.losses.focal import focal_loss as focal_loss
    from longtail.losses.gather import gather_rows as gather_rows
    from longtail.losses.hill import Hill as Hill
    from longtail.losses.hill import hill_loss as hill_loss
    from longtail.losses.label_aware_smoothing import LabelAwareSmoothing as LabelAwareSmoothing
    from longtail.losses.label_aware_smoothing import label_aware_smoothing_loss as label_aware_smoothing_loss
    from longtail.losses.ldam import LDAM as LDAM
    from longtail.losses.ldam import ldam_loss as ldam_loss
    from longtail.losses.ldam import ldam_margins as ldam_margins
    from longtail.losses.ldam import scaled_logits as scaled_logits
    from longtail.losses.ldam_multilabel import LDAMMultilabel as LDAMMultilabel
    from longtail.losses.ldam_multilabel import ldam_multilabel_loss as ldam_multilabel_loss
    from longtail.losses.logit_adjustment import LogitAdjustment as LogitAdjustment
    from longtail.losses.logit_adjustment import adjust_logits as adjust_logits
    from longtail.losses.logit_adjustment import logit_adjusted_loss as logit_adjusted_loss
    from longtail.losses.multilabel_logit_adjustment import MultilabelLogitAdjustment as MultilabelLogitAdjustment
    from longtail.losses.multilabel_logit_adjustment import adjust_label_logits as adjust_label_logits
    from longtail.losses.multilabel_logit_adjustment import (
        multilabel_logit_adjusted_loss as multilabel_logit_adjusted_loss,
    )
    from longtail.losses.projection import projection_head as projection_head
    from longtail.losses.seesaw import Seesaw as Seesaw
    from longtail.losses.seesaw import seesaw_loss as seesaw_loss
    from longtail.losses.sigmoid_focal import SigmoidFocal as SigmoidFocal
    from longtail.losses.sigmoid_focal import sigmoid_focal_loss as sigmoid_focal_loss
    from longtail.losses.soft_margin import SoftMargin as SoftMargin
    from longtail.losses.soft_margin import soft_margin_loss as soft_margin_loss
    from longtail.losses.splc import SPLC as SPLC
    from longtail.losses.splc import splc_loss as splc_loss
    from longtail.losses.supcon import SupCon as SupCon
    from longtail.losses.supcon import supcon_loss as supcon_loss
    from longtail.losses.triplet import Triplet as Triplet
    from longtail.losses.triplet import triplet_loss as triplet_loss
    from longtail.losses.two_way import TwoWay as TwoWay
    from longtail.losses.two_way import two_way_loss as two_way_loss
    from longtail.losses.view_consistency import ViewConsistency as ViewConsistency
    from longtail.losses.view_consistency import view_consistency_loss as view_consistency_loss
    from longtail.losses.weighted_asymmetric import WeightedAsymmetric as WeightedAsymmetric
    from longtail.losses.weighted_asymmetric import weighted_asymmetric_loss as weighted_asymmetric_loss
    from longtail.losses.weights import ClassWeight as ClassWeight
    from longtail.losses.weights import class_balanced_weights as class_balanced_weights
    from longtail.losses.weights import class_weights as class_weights
    from longtail.losses.weights import inverse_weights as inverse_weights

LOSSES: Registry[Callable[..., Any]] = Registry("loss", "longtail.losses")

__getattr__, __dir__ = door(__name__, of_parts=True)
