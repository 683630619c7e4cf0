"""tau-normalisation: after training, divide each class's weight vector by its length to the power tau.

Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020; public code
facebookresearch/classifier-balancing `tau_norm.py` (BSD-3). Frequent classes grow long vectors; tau 0 changes nothing,
tau 1 makes all lengths 1. The bias is left out, as there (`bias: true` keeps it). Take over the weights of a trained
linear head (`take_over`) and choose tau on validation data, never on the test set; the paper's grid is 0 to 2 by 0.1.
LongTailCXR's function of this name divides by the length to the power -4, which is another method.
"""

import torch
from torch import Tensor
from torch.nn import functional

from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import WeightHead


def tau_normalize(weight: Tensor, tau: float) -> Tensor:
    """`w_c / ||w_c||^tau` for each row of `(C, D)`; a row of zeros stays zero."""
    length = torch.linalg.vector_norm(weight, dim=1, keepdim=True)
    return weight / torch.where(length > 0, length, 1) ** tau


@HEADS.register("tau_norm", paper="Kang et al. 2020", code="facebookresearch/classifier-balancing")
class TauNormHead(WeightHead):
    """A trained linear head whose class vectors are evened out by tau; nothing is trained."""

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, tau: float = 1.0, bias: bool = False) -> None:
        super().__init__(sizes, num_classes, bias=True)  # kept, so that a linear head's state fits
        self.tau, self.use_bias = tau, bias
        self.requires_grad_(False)

    def requires_grad_(self, requires_grad: bool = True) -> "TauNormHead":  # noqa: ARG002
        """Stays frozen: the method changes a trained head."""
        super().requires_grad_(False)
        return self

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to logits `(B, C)`."""
        return functional.linear(
            features.pooled, tau_normalize(self.weight, self.tau), self.bias if self.use_bias else None
        )
