"""The model room: backbones (any of timm's and our own), heads on their features, the two together, and their weights.

Usable alone: `Classifier(build_backbone("resnet18", weights=None), build_head("linear", sizes, 5))`. No sampler,
optimiser or training loop may enter, and of the losses only the log prior that a head takes off: a model turns
normalised images `(B, C, H, W)` into logits `(B, classes)`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.models.backbones.base import Backbone as Backbone
    from longtail.models.backbones.building import build_backbone as build_backbone
    from longtail.models.backbones.catalogue import list_backbones as list_backbones
    from longtail.models.backbones.timm_backbone import TimmBackbone as TimmBackbone
    from longtail.models.class_changes import replace_head as replace_head
    from longtail.models.class_changes import reset_head as reset_head
    from longtail.models.class_changes import resize_head as resize_head
    from longtail.models.classifier import Classifier as Classifier
    from longtail.models.classifier import freeze as freeze
    from longtail.models.classifier import unfreeze as unfreeze
    from longtail.models.features import Features as Features
    from longtail.models.features import FeatureSizes as FeatureSizes
    from longtail.models.heads.base import Head as Head
    from longtail.models.heads.building import build_head as build_head
    from longtail.models.heads.cosine import CosineHead as CosineHead
    from longtail.models.heads.csra import CSRAHead as CSRAHead
    from longtail.models.heads.linear import LinearHead as LinearHead
    from longtail.models.heads.logit_adjusted import LogitAdjustedHead as LogitAdjustedHead
    from longtail.models.heads.lws import LWSHead as LWSHead
    from longtail.models.heads.ml_decoder import MLDecoder as MLDecoder
    from longtail.models.heads.nearest_class_mean import NearestClassMeanHead as NearestClassMeanHead
    from longtail.models.heads.pyramid_sum import PyramidSumHead as PyramidSumHead
    from longtail.models.heads.tau_norm import TauNormHead as TauNormHead
    from longtail.models.heads.tau_norm import tau_normalize as tau_normalize
    from longtail.models.heads.two_branch import TwoBranchHead as TwoBranchHead
    from longtail.models.heads.two_branch import two_branch_logits as two_branch_logits
    from longtail.models.heads.two_branch import two_branch_loss as two_branch_loss
    from longtail.models.lora import add_lora as add_lora
    from longtail.models.lora import load_lora as load_lora
    from longtail.models.lora import lora_state as lora_state
    from longtail.models.lora import merge_lora as merge_lora
    from longtail.models.lora import train_last_blocks as train_last_blocks
    from longtail.models.study_fusion import StudyFusion as StudyFusion
    from longtail.models.study_fusion import pack_studies as pack_studies
    from longtail.models.weights.saving import load_weights as load_weights
    from longtail.models.weights.saving import save_weights as save_weights

BACKBONES: Registry[Callable[..., Any]] = Registry("backbone", "longtail.models.backbones")
HEADS: Registry[Callable[..., Any]] = Registry("head", "longtail.models.heads")

__getattr__, __dir__ = door(__name__, of_parts=True)
