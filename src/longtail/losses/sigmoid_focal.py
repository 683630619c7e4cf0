"""Focal loss on sigmoids: easy entries weigh less.

Paper: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017. Code: `torchvision.ops.sigmoid_focal_loss`, with
its alpha and gamma; equal to it on 0/1 targets. A target between 0 and 1 mixes the two sides here, where torchvision
mixes the probabilities. It is the asymmetric loss with one gamma and no clip. The default reduction is the mean over
known entries; the paper divides by the positives.
"""

from typing import ClassVar

from torch import Tensor, nn

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.asymmetric import asymmetric_with_weights
from longtail.losses.labels import Weights, as_weights, weights_at
from longtail.losses.masking import Reduction, check_reduction, precise


def sigmoid_focal_loss(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    label_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Focal loss of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown.

    `alpha` weighs positives and `1 - alpha` negatives; None leaves both at 1. `mean` divides by the known entries.
    """
    share = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    each = 1.0 if label_weight is None else weights_at(label_weight, precise(logits), "label_weight")
    return asymmetric_with_weights(
        logits,
        target,
        share[0] * each,
        share[1] * each,
        gamma_pos=gamma,
        gamma_neg=gamma,
        clip=0.0,
        reduction=reduction,
    )


@LOSSES.register("sigmoid_focal", paper="Lin et al. 2017", code="torchvision sigmoid_focal_loss", task="multilabel")
class SigmoidFocal(nn.Module):
    """Focal loss per label: entries that are already right weigh less."""

    needs: ClassVar[str] = "logits"
    label_weight: Tensor | None

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: float | None = 0.25,
        label_weight: Weights | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        if gamma < 0 or (alpha is not None and not 0 <= alpha <= 1):
            raise UserError(f"focal loss: gamma is {gamma}, alpha {alpha}; choose gamma >= 0 and alpha from 0 to 1.")
        check_reduction(reduction)
        self.register_buffer("label_weight", as_weights(label_weight), persistent=False)
        self.gamma, self.alpha = gamma, alpha
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return sigmoid_focal_loss(
            inputs,
            target,
            gamma=self.gamma,
            alpha=self.alpha,
            label_weight=self.label_weight,
            reduction=self.reduction,
        )
