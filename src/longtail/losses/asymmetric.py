"""Asymmetric loss (ASL): negatives are focused harder than positives, and very easy negatives are dropped.

Paper: Ben-Baruch et al., Asymmetric Loss For Multi-Label Classification, ICCV 2021. Code: Alibaba-MIIL/ASL (MIT).

    L = -[ y (1-p)^gamma_pos log p + (1-y) p_m^gamma_neg log(1-p_m) ],   p_m = max(p - clip, 0)

Choices. `log p` is logsigmoid in float32: no epsilon, so a positive at logit -25 keeps its gradient and fp16 logits
stay finite. The original's switch for the gradient of the focal weights sets torch's global grad mode and leaves it on
inside `no_grad`; here `detach_focus` detaches them. `sum` over batch and labels is the original reduction (its learning
rates belong to it); CheXFusion and others use `mean`, a factor B*C. The COCO runs have gamma_pos 0. On balanced data
the defaults are too strong: try gammas 0/0 and clip 0 first, then 2/2, 2/1, 4/1 with clip (the authors' advice).

Unknown targets are left out, which is the "ignore" mode of Partial ASL (Ben-Baruch et al., CVPR 2022).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.focus import power
from longtail.losses.labels import Weights, as_weights
from longtail.losses.masking import Reduction, check_reduction, precise, two_sided


def asymmetric_loss(
    logits: Tensor,
    target: Tensor,
    *,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    label_weight: Tensor | None = None,
    detach_focus: bool = False,
    reduction: Reduction = "sum",
) -> Tensor:
    """ASL of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown; `label_weight` `(C,)`.

    `mean` divides by the number of known entries.
    """
    if_positive, if_negative = asymmetric_sides(
        logits, gamma_pos=gamma_pos, gamma_neg=gamma_neg, clip=clip, detach_focus=detach_focus
    )
    return two_sided(
        if_positive,
        if_negative,
        target,
        reduction=reduction,
        positive_weight=label_weight,
        negative_weight=label_weight,
    )


def asymmetric_sides(
    logits: Tensor, *, gamma_pos: float, gamma_neg: float, clip: float, detach_focus: bool
) -> tuple[Tensor, Tensor]:
    """What each entry costs as a positive and as a negative, two tensors of logits' shape."""
    logits = precise(logits)
    chance = torch.sigmoid(logits)
    log_yes = functional.logsigmoid(logits)
    shifted = functional.relu(chance - clip) if clip else chance
    # Without clip, log(1 - p) = log p - logit; with it, 1 - p_m stays above clip and log1p is exact.
    log_no = torch.log1p(-shifted) if clip else log_yes - logits
    if detach_focus:
        chance, shifted = chance.detach(), shifted.detach()
    if_positive = log_yes if gamma_pos == 0 else log_yes * power(1 - chance, gamma_pos)
    if_negative = log_no if gamma_neg == 0 else log_no * power(shifted, gamma_neg)
    return -if_positive, -if_negative


def check_asymmetric(gamma_pos: float, gamma_neg: float, clip: float) -> None:
    """Refuse settings outside the loss's domain."""
    if gamma_pos < 0 or gamma_neg < 0 or not 0 <= clip < 1:
        raise UserError(
            f"asymmetric loss: gamma_pos is {gamma_pos}, gamma_neg {gamma_neg}, clip {clip};"
            " choose gammas >= 0 and clip from 0 to below 1."
        )


@LOSSES.register("asymmetric", paper="Ben-Baruch et al. 2021", code="Alibaba-MIIL/ASL", task="multilabel")
class Asymmetric(nn.Module):
    """ASL: easy negatives weigh little or nothing, positives nearly all."""

    needs: ClassVar[str] = "logits"
    label_weight: Tensor | None

    def __init__(
        self,
        *,
        gamma_pos: float = 1.0,
        gamma_neg: float = 4.0,
        clip: float = 0.05,
        label_weight: Weights | None = None,
        detach_focus: bool = False,
        reduction: Reduction = "sum",
    ) -> None:
        super().__init__()
        check_asymmetric(gamma_pos, gamma_neg, clip)
        check_reduction(reduction)
        self.gamma_pos, self.gamma_neg, self.clip = gamma_pos, gamma_neg, clip
        self.register_buffer("label_weight", as_weights(label_weight), persistent=False)
        self.detach_focus, self.reduction = detach_focus, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return asymmetric_loss(
            inputs,
            target,
            gamma_pos=self.gamma_pos,
            gamma_neg=self.gamma_neg,
            clip=self.clip,
            label_weight=self.label_weight,
            detach_focus=self.detach_focus,
            reduction=self.reduction,
        )
