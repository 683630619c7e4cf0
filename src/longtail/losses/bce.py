"""Binary cross-entropy, masked: the baseline of multi-label training.

Code: `torch.nn.functional.binary_cross_entropy_with_logits`, which does the arithmetic here too; this adds unknown
targets, label smoothing towards 1/2 and a mean over what is known.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_shares
from longtail.losses.labels import Weights, as_weights, weights_at
from longtail.losses.masking import Reduction, check_reduction, known, precise
from longtail.losses.shapes import check_labels


def bce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    pos_weight: Weights | None = None,
    label_weight: Weights | None = None,
    smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Binary cross-entropy of logits `(B, C)` with targets `(B, C)` in [0, 1], nan unknown.

    `pos_weight` multiplies the loss of positives, `label_weight` that of a whole label; either is a number or `(C,)`.
    `mean` divides by the number of known entries, whatever the weights.
    """
    check_reduction(reduction)
    check_labels(logits, target)
    logits = precise(logits)
    mask, filled = known(target.to(logits.dtype))
    if smoothing:
        filled = filled * (1 - smoothing) + smoothing / 2
    weight = mask if label_weight is None else mask * weights_at(label_weight, logits, "label_weight")
    positive = None if pos_weight is None else weights_at(pos_weight, logits, "pos_weight")
    how = "none" if reduction == "none" else "sum"
    loss = functional.binary_cross_entropy_with_logits(logits, filled, weight, pos_weight=positive, reduction=how)
    return loss / mask.sum().clamp(min=1) if reduction == "mean" else loss


def balanced_pos_weight(class_counts: Counts, num_rows: int) -> Tensor:
    """Negatives per positive, `(C,)`: weighs both sides of each label alike; 1 for a label without images."""
    shares = as_shares(class_counts, num_rows)
    return torch.where(shares > 0, (1 - shares) / shares.clamp(min=1 / num_rows), 1.0).float()


@LOSSES.register("bce", code="torch binary_cross_entropy_with_logits", task="multilabel")
class BCE(nn.Module):
    """Binary cross-entropy per label; weights of positives and labels, label smoothing."""

    needs: ClassVar[str] = "logits"
    pos_weight: Tensor | None
    label_weight: Tensor | None

    def __init__(
        self,
        class_counts: Counts | None = None,
        num_rows: int | None = None,
        *,
        pos_weight: Weights | Literal["balanced"] | None = None,
        label_weight: Weights | None = None,
        smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        if isinstance(pos_weight, str):
            if pos_weight != "balanced" or class_counts is None or num_rows is None:
                raise UserError(
                    f"pos_weight is '{pos_weight}'; write a number, one per label, or balanced (which needs"
                    " class_counts and num_rows)."
                )
            pos_weight = balanced_pos_weight(class_counts, num_rows)
        if not 0 <= smoothing < 1:
            raise UserError(f"smoothing is {smoothing}; choose a number from 0 to below 1.")
        check_reduction(reduction)
        self.register_buffer("pos_weight", as_weights(pos_weight), persistent=False)
        self.register_buffer("label_weight", as_weights(label_weight), persistent=False)
        self.smoothing = smoothing
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return bce_loss(
            inputs,
            target,
            pos_weight=self.pos_weight,
            label_weight=self.label_weight,
            smoothing=self.smoothing,
            reduction=self.reduction,
        )
