"""Multi-label soft margin loss: binary cross-entropy, each image weighing the same.

Code: `torch.nn.MultiLabelSoftMarginLoss`, which equals the mean of binary cross-entropy over all entries. With unknown
targets the two differ: here an image's loss is the mean over its known labels, and the batch's is the mean over the
images that have any, so a sparsely labelled image counts as much as a fully labelled one.
"""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from longtail.losses import LOSSES
from longtail.losses.labels import Weights, as_weights, weights_at
from longtail.losses.masking import Reduction, check_reduction, known, precise
from longtail.losses.shapes import check_labels


def soft_margin_loss(
    logits: Tensor, target: Tensor, *, label_weight: Weights | None = None, reduction: Reduction = "mean"
) -> Tensor:
    """Soft margin loss of logits `(B, C)` and targets `(B, C)`, nan unknown; `none` gives `(B,)`.

    `mean` divides by the number of images with a known label.
    """
    check_labels(logits, target)
    logits = precise(logits)
    mask, filled = known(target.to(logits.dtype))
    count = mask.sum(dim=1)
    weight = mask / count.clamp(min=1).unsqueeze(1)
    weight = weight if label_weight is None else weight * weights_at(label_weight, logits, "label_weight")
    rows = count.clamp(max=1)
    if reduction == "none":
        return functional.binary_cross_entropy_with_logits(logits, filled, weight, reduction="none").sum(dim=1)
    total = functional.binary_cross_entropy_with_logits(logits, filled, weight, reduction="sum")
    check_reduction(reduction)
    return total if reduction == "sum" else total / rows.sum().clamp(min=1)


@LOSSES.register("soft_margin", code="torch MultiLabelSoftMarginLoss", task="multilabel")
class SoftMargin(nn.Module):
    """Binary cross-entropy, averaged over each image's known labels first."""

    needs: ClassVar[str] = "logits"
    label_weight: Tensor | None

    def __init__(self, *, label_weight: Weights | None = None, reduction: Reduction = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.register_buffer("label_weight", as_weights(label_weight), persistent=False)
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return soft_margin_loss(inputs, target, label_weight=self.label_weight, reduction=self.reduction)
