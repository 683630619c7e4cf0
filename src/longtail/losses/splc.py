"""SPLC, self-paced loss correction: from an epoch on, a confident negative is taken for a missed positive.

Paper: Zhang et al., Simple and Robust Loss Design for Multi-Label Learning with Missing Labels, 2021. Code:
xinyu1205/robust-loss-mlml (MIT). On top of the focal margin loss: positives cost `-(1-p_m)^gamma log p_m` with
p_m = sigmoid(z - margin), negatives `-p^gamma log(1-p)`; once correcting, a negative with p > tau costs what a positive
would, without the margin. Unknown targets stay out: correction is for labels that say "absent". The reduction is `sum`
by default, as in the public code.

The module learns the epoch (0 is the first) from `set_epoch`, which the training loop calls as it does for samplers.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.asymmetric import asymmetric_gains
from longtail.losses.fused import Gain, mixed, with_slope
from longtail.losses.hill import margin_focal
from longtail.losses.masking import Reduction, check_reduction


def splc_loss(
    logits: Tensor,
    target: Tensor,
    *,
    correct: bool = True,
    tau: float = 0.6,
    margin: float = 1.0,
    gamma: float = 2.0,
    reduction: Reduction = "sum",
) -> Tensor:
    """SPLC of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown; `correct` False is the focal margin loss.

    `mean` divides by the number of known entries.
    """
    if_missed, if_negative = asymmetric_gains(logits, gamma_pos=gamma, gamma_neg=gamma, clip=0.0)
    if correct:
        missed = logits.detach() > math.log(tau / (1 - tau))
        if_negative = Gain(
            torch.where(missed, if_missed.value, if_negative.value),
            torch.where(missed, -if_missed.slope, if_negative.slope),
        )
    return with_slope(logits, *mixed(margin_focal(logits, margin, gamma), if_negative, target, reduction=reduction))


@LOSSES.register("splc", paper="Zhang et al. 2021", code="xinyu1205/robust-loss-mlml", task="multilabel")
class SPLC(nn.Module):
    """For missing labels: from an epoch on, negatives above `tau` are trained as positives."""

    needs: ClassVar[str] = "logits"

    def __init__(
        self,
        *,
        tau: float = 0.6,
        from_epoch: int = 1,
        margin: float = 1.0,
        gamma: float = 2.0,
        reduction: Reduction = "sum",
    ) -> None:
        super().__init__()
        if not 0 < tau < 1:
            raise UserError(f"SPLC: tau is {tau}; choose a probability between 0 and 1.")
        check_reduction(reduction)
        self.tau, self.from_epoch, self.margin, self.gamma = tau, from_epoch, margin, gamma
        self.reduction: Reduction = reduction
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Tell the epoch that is about to be trained, 0 for the first."""
        self.epoch = epoch

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return splc_loss(
            inputs,
            target,
            correct=self.epoch >= self.from_epoch,
            tau=self.tau,
            margin=self.margin,
            gamma=self.gamma,
            reduction=self.reduction,
        )
