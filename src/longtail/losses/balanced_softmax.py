"""Balanced softmax: each class enters the softmax with its count, `-log(n_y e^z_y / sum_j n_j e^z_j)`.

Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition", NeurIPS 2020 (public code
jiawei-ren/BalancedMetaSoftmax has no licence: described only; its meta sampler is not part of this). The value equals
logit adjustment with `tau` 1, found independently. Predict with the plain logits. A class without images counts as one
image. The mean divides by the number of known rows.
"""

from typing import ClassVar

from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_counts
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.masking import Reduction, precise
from longtail.losses.shapes import per_class


def balanced_softmax_loss(
    logits: Tensor, target: Tensor, class_counts: Counts, *, reduction: Reduction = "mean"
) -> Tensor:
    """Balanced softmax of logits `(B, C)` and classes `(B,)`, -1 unknown; `mean` is over the known rows."""
    logits = precise(logits)
    shift = per_class(log_counts(class_counts), logits, "class_counts")
    return cross_entropy_loss(logits + shift, target, reduction=reduction)


def log_counts(class_counts: Counts) -> Tensor:
    """`(C,)` logarithms of the training counts, an empty class counted as one image."""
    return as_counts(class_counts).clamp(min=1).log().float()


@LOSSES.register(
    "balanced_softmax",
    paper="Ren et al. 2020",
    code="jiawei-ren/BalancedMetaSoftmax-Classification",
    task="singlelabel",
)
class BalancedSoftmax(nn.Module):
    """Cross-entropy of a softmax in which every class weighs as its training count."""

    needs: ClassVar[str] = "logits"
    shift: Tensor

    def __init__(self, class_counts: Counts, *, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.register_buffer("shift", log_counts(class_counts), persistent=False)
        self.reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        logits = precise(inputs)
        shift = per_class(self.shift, logits, "class_counts")
        return cross_entropy_loss(logits + shift, target, reduction=self.reduction)
