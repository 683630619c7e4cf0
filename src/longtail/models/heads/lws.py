"""Learnable weight scaling: `z_c = s_c (w_c x + b_c)` with a frozen classifier; only the scales are learned.

Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020; public code
facebookresearch/classifier-balancing (BSD-3, config `cls_lws`): the weight and bias are stage 1's, the scales start at
1, and five epochs of class-aware sampling train them. Freeze the backbone too, and mind its BatchNorm (`freeze`).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import WeightHead


def lws_logits(features: Tensor, weight: Tensor, bias: Tensor | None, scale: Tensor) -> Tensor:
    """Features `(B, D)`, weight `(C, D)`, bias and scale `(C,)` to logits `(B, C)`."""
    return functional.linear(features, weight, bias) * scale


@HEADS.register("lws", paper="Kang et al. 2020", code="facebookresearch/classifier-balancing")
class LWSHead(WeightHead):
    """A trained linear head, frozen, and one learned factor for each class."""

    class_rows: ClassVar[tuple[str, ...]] = ("weight", "bias", "scale")

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, bias: bool = True) -> None:
        super().__init__(sizes, num_classes, bias=bias)
        self.scale = nn.Parameter(torch.ones(num_classes))
        self.requires_grad_()

    def reset(self) -> None:
        """A fresh classifier and scales of 1; take over a trained one before training the scales."""
        super().reset()
        if hasattr(self, "scale"):
            nn.init.ones_(self.scale)

    def requires_grad_(self, requires_grad: bool = True) -> "LWSHead":
        """Only the scales are ever trained."""
        super().requires_grad_(False)
        self.scale.requires_grad_(requires_grad)
        return self

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to logits `(B, C)`."""
        return lws_logits(features.pooled, self.weight, self.bias, self.scale)
