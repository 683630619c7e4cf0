"""Logit adjustment for several labels per image: each label's prior odds enter its logit.

The analogue, per label, of Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021, who treat one label per
image; no public code is followed. In training BCE of `z + tau log(pi / (1 - pi))`: the plain logits `z` then predict as
if every label were as often present as absent. After ordinary training `z - tau log(pi / (1 - pi))` does the same
(`adjust_label_logits`). Never both. `pi` is the share of images of the rows that the stage trains on.

What to expect: a constant per label, so it moves thresholds (recall of rare labels, F1 at 0.5), not the ranking within
a label (AP, AUROC), unless training is cut short, the bias is frozen or decayed, or labels compete. A label without
images counts as half an image, so that nothing is infinite.
"""

from typing import ClassVar

from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.bce import bce_loss
from longtail.losses.counts import Counts
from longtail.losses.labels import prior_log_odds
from longtail.losses.masking import Reduction, check_reduction, precise
from longtail.losses.shapes import per_class


def multilabel_logit_adjusted_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    num_rows: int,
    *,
    tau: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """BCE of `logits + tau log(pi / (1 - pi))`, `(B, C)`, and targets `(B, C)` in [0, 1], nan unknown.

    `mean` divides by the number of known entries.
    """
    return bce_loss(adjust_label_logits(logits, class_counts, num_rows, tau=-tau), target, reduction=reduction)


def adjust_label_logits(logits: Tensor, class_counts: Counts, num_rows: int, *, tau: float = 1.0) -> Tensor:
    """After training without adjustment: `logits - tau log(pi / (1 - pi))`, `(B, C)`."""
    logits = precise(logits)
    return logits - per_class(tau * prior_log_odds(class_counts, num_rows), logits, "class_counts")


@LOSSES.register("multilabel_logit_adjustment", paper="after Menon et al. 2021", code="none", task="multilabel")
class MultilabelLogitAdjustment(nn.Module):
    """BCE with each label's prior odds added to its logit, `tau` times; predict with the plain logits."""

    needs: ClassVar[str] = "logits"
    shift: Tensor

    def __init__(self, class_counts: Counts, num_rows: int, *, tau: float = 1.0, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.register_buffer("shift", tau * prior_log_odds(class_counts, num_rows), persistent=False)
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        logits = precise(inputs)
        return bce_loss(logits + per_class(self.shift, logits, "class_counts"), target, reduction=self.reduction)
