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
from longtail.losses.fused import Gain, focal_gain, mixed, with_slope
from longtail.losses.labels import Weights, as_weights, weights_at
from longtail.losses.masking import Reduction, check_reduction, precise
from longtail.losses.shapes import check_labels, check_per_class


def asymmetric_loss(
    logits: Tensor,
    target: Tensor,
    *,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    label_weight: Weights | None = None,
    detach_focus: bool = False,
    reduction: Reduction = "sum",
) -> Tensor:
    """ASL of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown; `label_weight` `(C,)`.

    `mean` divides by the number of known entries.
    """
    weight = None if label_weight is None else weights_at(label_weight, precise(logits), "label_weight")
    return asymmetric_with_weights(
        logits,
        target,
        weight,
        weight,
        gamma_pos=gamma_pos,
        gamma_neg=gamma_neg,
        clip=clip,
        detach_focus=detach_focus,
        reduction=reduction,
    )


def asymmetric_with_weights(
    logits: Tensor,
    target: Tensor,
    positive_weight: Tensor | float | None,
    negative_weight: Tensor | float | None,
    *,
    gamma_pos: float,
    gamma_neg: float,
    clip: float,
    detach_focus: bool = False,
    reduction: Reduction,
) -> Tensor:
    """ASL whose two sides have weights of their own, each a number or `(C,)`."""
    check_labels(logits, target)
    for weight in (positive_weight, negative_weight):
        if isinstance(weight, Tensor):
            check_per_class(weight, logits, "class_counts")
    if_positive, if_negative = asymmetric_gains(
        logits, gamma_pos=gamma_pos, gamma_neg=gamma_neg, clip=clip, detach_focus=detach_focus
    )
    parts = mixed(
        if_positive,
        if_negative,
        target,
        reduction=reduction,
        positive_weight=positive_weight,
        negative_weight=negative_weight,
    )
    return with_slope(logits, *parts)


@torch.no_grad()
def asymmetric_gains(
    logits: Tensor, *, gamma_pos: float, gamma_neg: float, clip: float, detach_focus: bool = False
) -> tuple[Gain, Gain]:
    """What each entry brings as a positive and as a negative, of logits' shape."""
    logits = precise(logits)
    chance, log_chance = torch.sigmoid(logits), functional.logsigmoid(logits)
    other = 1 - chance
    if_positive = focal_gain(chance, other, log_chance, gamma_pos, detach=detach_focus)
    if clip:
        return if_positive, _clipped(chance, other, gamma_neg, clip, detach_focus)
    log_other = log_chance - logits  # exact to 6e-8 |logit|, and one transcendental pass less
    return if_positive, focal_gain(other, chance, log_other, gamma_neg, detach=detach_focus)


def _clipped(chance: Tensor, other: Tensor, gamma: float, clip: float, detach: bool) -> Gain:
    """`p_m^gamma log r` with `r = 1 - p_m`, which is never below clip.

    Its slope by -z is `p (1-p) (p_m^gamma / r - gamma p_m^(gamma-1) log r)`.
    """
    shifted = (chance - clip).relu_()
    remaining = 1 - shifted
    log_remaining = remaining.log()
    by_logit = chance * other
    if gamma == 0:
        return Gain(log_remaining, by_logit.mul_(torch.sign(shifted)).div_(remaining))
    lower = power(shifted, gamma - 1)
    upper = lower * shifted
    slope = upper / remaining
    slope = slope if detach else slope.addcmul_(lower, log_remaining, value=-gamma)
    return Gain(upper.mul_(log_remaining), slope.mul_(by_logit))


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
        self.detach_focus = detach_focus
        self.reduction: Reduction = reduction

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
