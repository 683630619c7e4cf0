"""LDAM's margins in binary cross-entropy: a positive of a rare label must clear its label's margin.

Not in the LDAM paper (Cao et al., NeurIPS 2019), which is single-label; this is the form in use for chest radiographs:
BCE of `scale * (z_c - y_c m_c)`, `m_c = max_margin (n_min / n_c)^(1/4)`, with deferred class weights (DRW) on positives
only. Public CXR code multiplies ordinary logits by 30; the scale belongs to cosines, so it is 1 here unless the head
is normalised (then give e.g. 30). As in LDAM, predict with the scaled logits.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.bce import bce_loss
from longtail.losses.counts import Counts
from longtail.losses.labels import Weights
from longtail.losses.ldam import ldam_margins, scaled_logits
from longtail.losses.masking import Reduction, check_reduction, precise
from longtail.losses.shapes import check_labels, per_class
from longtail.losses.weights import ClassWeight, WeightRule


def ldam_multilabel_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    max_margin: float = 0.5,
    scale: float = 1.0,
    pos_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """BCE with margins on positives, of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown.

    `mean` divides by the number of known entries. A label without images has the largest margin, which it never uses.
    """
    margins = ldam_margins(class_counts, max_margin=max_margin)
    return bce_with_margins(logits, target, margins, scale=scale, pos_weight=pos_weight, reduction=reduction)


def bce_with_margins(
    logits: Tensor,
    target: Tensor,
    margins: Tensor,
    *,
    scale: float = 1.0,
    pos_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """BCE of `scale * (logits - target * margins)`, `margins` `(C,)`."""
    check_labels(logits, target)
    logits = precise(logits)
    lowered = logits - target.to(logits.dtype).nan_to_num(0.0) * per_class(margins, logits, "class_counts")
    scaled = lowered if scale == 1 else lowered * scale
    return bce_loss(scaled, target, pos_weight=pos_weight, reduction=reduction)


@LOSSES.register("ldam_multilabel", paper="after Cao et al. 2019", code="none, see the file", task="multilabel")
class LDAMMultilabel(nn.Module):
    """BCE whose positives must clear a margin, larger for rarer labels; with deferred weights (DRW).

    `class_weight` is `inverse`, `inverse_sqrt`, `class_balanced` (with `beta`) or a list of weights, for positives;
    `weight_from` is the fraction of training from which on they count (DRW: 0.8).
    """

    needs: ClassVar[str] = "logits"
    margins: Tensor

    def __init__(
        self,
        class_counts: Counts,
        *,
        max_margin: float = 0.5,
        scale: float = 1.0,
        class_weight: WeightRule | Sequence[float] | None = None,
        beta: float = 0.9999,
        weight_from: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_reduction(reduction)
        self.register_buffer("margins", ldam_margins(class_counts, max_margin=max_margin), persistent=False)
        self.class_weight = ClassWeight(class_weight, class_counts, beta=beta, start=weight_from)
        self.scale = scale
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return bce_with_margins(
            inputs,
            target,
            self.margins,
            scale=self.scale,
            pos_weight=self.class_weight(),
            reduction=self.reduction,
        )

    def prediction_logits(self, logits: Tensor) -> Tensor:
        """The logits whose sigmoid is the prediction: `scale` times them."""
        return scaled_logits(logits, scale=self.scale)
