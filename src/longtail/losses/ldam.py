"""LDAM: label-distribution-aware margins. Rare classes must win by more: `CE(s (z - m_y onehot(y)), y)`.

Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019; public code
kaidic/LDAM-DRW (MIT), described, not copied. The logits `z` are cosines between normalised features and normalised
class weights (the head `cosine`). The margin of class c is `max_margin (n_min / n_c)^(1/4)`: the rarest class that has
images gets `max_margin`, and so does a class without any.

The scale `s` belongs to the training loss only in the public code, so that softmax(z) at test is almost flat.
Probabilities, calibration, ensembles and distillation need `s z`: `scaled_logits` here, and the module's
`prediction_logits`. On an ordinary linear head the same formula is another method (logits times 30), which some public
code runs by accident: `normalized=False` allows it, with a warning.

The mean divides by the sum of the class weights of the rows' targets, as `F.cross_entropy` in the public code does.
LDAM-DRW is `class_weight: class_balanced, weight_from: 0.8`.
"""

import warnings
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_counts
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.labels import Weights
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import require
from longtail.losses.shapes import check_classes, classes_told, per_class
from longtail.losses.weights import ClassWeight, WeightRule


def ldam_margins(class_counts: Counts, *, max_margin: float = 0.5) -> Tensor:
    """`(C,)` margins `max_margin (n_min / n_c)^(1/4)`, `n_min` the smallest count above 0."""
    counts = as_counts(class_counts)
    there = counts > 0
    rarest = torch.where(there, counts, torch.inf).min()
    return (max_margin * torch.where(there, rarest / counts, 1) ** 0.25).float()


def ldam_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    max_margin: float = 0.5,
    scale: float = 30.0,
    class_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """LDAM of cosines `(B, C)` and classes `(B,)`, -1 unknown; `mean` divides by the sum of the targets' weights."""
    margins = ldam_margins(class_counts, max_margin=max_margin)
    return margin_loss(logits, target, margins, scale=scale, class_weight=class_weight, reduction=reduction)


@classes_told
def margin_loss(
    logits: Tensor,
    target: Tensor,
    margins: Tensor,
    *,
    scale: float = 30.0,
    class_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of `scale` times the cosines `(B, C)`, the target's lowered by its class's margin `(C,)` first."""
    check_classes(logits, target)
    scaled = scale * precise(logits)
    index = target.long().clamp(min=0)[:, None]  # an unknown row is ignored below, whatever its margin
    scaled = scaled.scatter_add_(1, index, (-scale * per_class(margins, scaled, "class_counts"))[index])
    return cross_entropy_loss(scaled, target, class_weight=class_weight, reduction=reduction)


def scaled_logits(logits: Tensor, *, scale: float = 30.0) -> Tensor:
    """The logits to predict with: `scale` times the cosines, without margins, in float32."""
    return scale * precise(logits)


@LOSSES.register("ldam", paper="Cao et al. 2019", code="kaidic/LDAM-DRW", task="singlelabel")
class LDAM(nn.Module):
    """Larger margins for rarer classes, on cosine logits; with deferred class weights, LDAM-DRW.

    `class_weight` is `inverse`, `inverse_sqrt`, `class_balanced` (with `beta`) or a list of weights; `weight_from` is
    the fraction of training from which on they count (DRW: 0.8).
    """

    needs: ClassVar[str] = "logits"
    margins: Tensor

    def __init__(
        self,
        class_counts: Counts,
        *,
        max_margin: float = 0.5,
        scale: float = 30.0,
        normalized: bool = True,
        class_weight: WeightRule | Sequence[float] | None = None,
        beta: float = 0.9999,
        weight_from: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        if not normalized:
            warnings.warn(
                f"LDAM on logits that are no cosines multiplies them by {scale:g}, which is not the paper's method.",
                stacklevel=2,
            )
        self.register_buffer("margins", ldam_margins(class_counts, max_margin=max_margin), persistent=False)
        self.class_weight = ClassWeight(class_weight, class_counts, beta=beta, start=weight_from)
        self.scale, self.reduction = scale, reduction
        self.unchecked = normalized

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Cosines `(B, C)` and classes `(B,)` to the loss."""
        if self.unchecked and not torch.compiler.is_compiling():
            self._check(inputs)
        return margin_loss(
            inputs,
            target,
            self.margins,
            scale=self.scale,
            class_weight=self.class_weight(),
            reduction=self.reduction,
        )

    def prediction_logits(self, logits: Tensor) -> Tensor:
        """The logits whose softmax is the prediction: the cosines times `scale`."""
        return scaled_logits(logits, scale=self.scale)

    def _check(self, cosines: Tensor) -> None:
        """At the first batch only: looking at values waits for the device."""
        self.unchecked = False
        largest = float(cosines.detach().abs().max()) if cosines.numel() else 0.0
        require(
            largest <= 1.01,  # fp16 and bf16 round cosines up to 1.008
            f"LDAM works on cosines in [-1, 1], and a logit is {largest:.3g}; use the head 'cosine' without a scale of "
            "its own, or say normalized: false to multiply ordinary logits.",
        )
