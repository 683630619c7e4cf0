"""Logit adjustment: the training prior enters the logits, in the loss or after training.

Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021; public code google-research/logit_adjustment
(Apache-2.0). In training `CE(z + tau log pi, y)`: the plain logits `z` then predict as if classes were even.
After ordinary training `z - tau log pi` does the same (`adjust_logits`). Never both. `pi` is the prior of the rows that
the stage trains on: with a class-balanced sampler there is nothing to adjust.

A class without images counts as one image, so that nothing is infinite: in training its logit is only lowered a little,
and afterwards it is raised no higher than a class with a single image.
The mean divides by the sum of the class weights of the rows' targets (the known rows, without weights).
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_counts
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.labels import Weights
from longtail.losses.masking import Reduction, precise
from longtail.losses.shapes import per_class
from longtail.losses.weights import ClassWeight, WeightRule


def log_prior(class_counts: Counts) -> Tensor:
    """`(C,)` logarithms of each class's share of the training rows, an empty class counted as one row."""
    counts = as_counts(class_counts).clamp(min=1)
    return (counts / counts.sum()).log().float()


def logit_adjusted_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    tau: float = 1.0,
    class_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of `logits + tau log prior` `(B, C)` and classes `(B,)`, -1 unknown."""
    shifted = adjust_logits(logits, class_counts, tau=-tau)
    return cross_entropy_loss(shifted, target, class_weight=class_weight, reduction=reduction)


def adjust_logits(logits: Tensor, class_counts: Counts, *, tau: float = 1.0) -> Tensor:
    """After training without adjustment: `logits - tau log prior` `(B, C)`, which no longer favour frequent classes."""
    logits = precise(logits)
    return logits - per_class(tau * log_prior(class_counts), logits, "class_counts")


@LOSSES.register(
    "logit_adjustment", paper="Menon et al. 2021", code="google-research/logit_adjustment", task="singlelabel"
)
class LogitAdjustment(nn.Module):
    """Cross-entropy with the training prior added to the logits, `tau` times; predict with the plain logits.

    `class_weight` is `inverse`, `inverse_sqrt`, `class_balanced` (with `beta`) or a list of weights; `weight_from` is
    the fraction of training from which on they count.
    """

    needs: ClassVar[str] = "logits"
    shift: Tensor

    def __init__(
        self,
        class_counts: Counts,
        *,
        tau: float = 1.0,
        class_weight: WeightRule | Sequence[float] | None = None,
        beta: float = 0.9999,
        weight_from: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.register_buffer("shift", tau * log_prior(class_counts), persistent=False)
        self.class_weight = ClassWeight(class_weight, class_counts, beta=beta, start=weight_from)
        self.reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        logits = precise(inputs)
        shifted = logits + per_class(self.shift, logits, "class_counts")
        return cross_entropy_loss(shifted, target, class_weight=self.class_weight(), reduction=self.reduction)
