"""Focal loss over classes that exclude each other (softmax): `w_y (1 - p_y)^gamma (-log p_y)`.

Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, in the softmax form that comparisons on long tails use.
`p_y` is the probability without any weight; the class weight multiplies afterwards (kaidic/LDAM-DRW puts the weight
into the cross-entropy first and so focuses on `p^w`). The mean divides by the number of known rows, as in public code.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts
from longtail.losses.labels import Weights, weights_at
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import UNKNOWN, pick, reduced_rows, require
from longtail.losses.shapes import check_classes, classes_told
from longtail.losses.weights import ClassWeight, WeightRule


@classes_told
def focal_loss(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    class_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Softmax focal loss of logits `(B, C)` and classes `(B,)`, -1 unknown; `mean` is over the known rows."""
    require(gamma >= 0, f"gamma is {gamma}; it is 0 (plain cross-entropy) or more.")
    check_classes(logits, target)
    logits = precise(logits)
    surprise = F.cross_entropy(logits, target.long(), ignore_index=UNKNOWN, reduction="none")
    # 1 - p without cancellation; away from 0, where the power has no finite slope for gamma below 1.
    doubt = (-torch.expm1(-surprise)).clamp(min=1e-12)
    values = doubt**gamma * surprise
    if class_weight is not None:
        values = values * pick(weights_at(class_weight, logits, "class_weight"), target)
    return reduced_rows(values, target >= 0, reduction)


@LOSSES.register("focal", paper="Lin et al. 2017", code="torchvision sigmoid_focal_loss", task="singlelabel")
class Focal(nn.Module):
    """Softmax focal loss: easy rows count less; class weights after the focus.

    `class_weight` is `inverse`, `inverse_sqrt`, `class_balanced` (with `beta`) or a list of weights; `weight_from` is
    the fraction of training from which on they count.
    """

    needs: ClassVar[str] = "logits"

    def __init__(
        self,
        class_counts: Counts | None = None,
        *,
        gamma: float = 2.0,
        class_weight: WeightRule | Sequence[float] | None = None,
        beta: float = 0.9999,
        weight_from: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.class_weight = ClassWeight(class_weight, class_counts, beta=beta, start=weight_from)
        self.gamma, self.reduction = gamma, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        return focal_loss(inputs, target, gamma=self.gamma, class_weight=self.class_weight(), reduction=self.reduction)
