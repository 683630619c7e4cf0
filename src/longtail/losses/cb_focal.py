"""Class-balanced focal loss, the sigmoid form: one yes-or-no question per class, every term weighted by `w_y`.

Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019; public code
richardaecn/class-balanced-loss (MIT), described, not copied. With `s` the logit of the target and minus the logits of
the others: `w_y sum_c sigmoid(-s_c)^gamma softplus(-s_c)`, weights `(1 - beta) / (1 - beta^n)` summing to C. The mean
divides by the number of known rows (not by B * C). The focus is `exp(gamma (-s - softplus(-s)))`, right at any logit;
the form with two exponents in a public port becomes 0 at -88 and lets the hardest rows go without gradient.

Start the last layer's bias at `prior_bias(num_classes)` and give that bias no weight decay, as the paper does: without
it the sigmoid losses diverge early. `gamma` 0 is the paper's class-balanced sigmoid cross-entropy.
"""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import pick, reduced_rows, require
from longtail.losses.shapes import check_classes, classes_told, per_class
from longtail.losses.weights import class_balanced_weights


def prior_bias(num_classes: int) -> float:
    """`-log((1 - pi) / pi)` with `pi = 1 / num_classes`: the last layer's bias at which a sigmoid loss starts calm."""
    require(num_classes >= 2, f"num_classes is {num_classes}; a sigmoid classifier needs 2 or more.")
    return -math.log(num_classes - 1)


def cb_focal_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    beta: float = 0.9999,
    gamma: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Class-balanced sigmoid focal loss of logits `(B, C)` and classes `(B,)`, -1 unknown; mean over known rows."""
    weights = class_balanced_weights(class_counts, beta=beta)
    return sigmoid_focal_rows(logits, target, weights, gamma=gamma, reduction=reduction)


@classes_told
def sigmoid_focal_rows(
    logits: Tensor, target: Tensor, class_weight: Tensor, *, gamma: float = 2.0, reduction: Reduction = "mean"
) -> Tensor:
    """One-against-all focal loss summed over the classes, times the weight `(C,)` of the row's own class."""
    require(gamma >= 0, f"gamma is {gamma}; it is 0 (no focus) or more.")
    check_classes(logits, target)
    logits = precise(logits)
    index = target.long().clamp(min=0)[:, None]
    against = logits.scatter(1, index, -logits.gather(1, index))  # -s: how far each question is from its answer
    values = F.softplus(against)
    if gamma:
        values = torch.exp(gamma * (against - values)) * values
    return reduced_rows(
        values.sum(dim=1) * pick(per_class(class_weight, values, "class_counts"), target), target >= 0, reduction
    )


@LOSSES.register(
    "cb_focal", paper="Cui et al. 2019, Lin et al. 2017", code="richardaecn/class-balanced-loss", task="singlelabel"
)
class CBFocal(nn.Module):
    """Sigmoid focal loss with class-balanced weights; start the last bias at `prior_bias`.

    Predict with the softmax or the sigmoid: the order of the classes is the same.
    """

    needs: ClassVar[str] = "logits"
    weights: Tensor

    def __init__(
        self, class_counts: Counts, *, beta: float = 0.9999, gamma: float = 2.0, reduction: Reduction = "mean"
    ) -> None:
        super().__init__()
        self.register_buffer("weights", class_balanced_weights(class_counts, beta=beta), persistent=False)
        self.gamma, self.reduction = gamma, reduction

    @property
    def initial_bias(self) -> float:
        """What to set the last layer's bias to before training."""
        return prior_bias(len(self.weights))

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        return sigmoid_focal_rows(inputs, target, self.weights, gamma=self.gamma, reduction=self.reduction)
