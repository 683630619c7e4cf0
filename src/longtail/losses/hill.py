"""Hill loss: negatives that look very positive are taken for missed labels and pull less.

Paper: Zhang et al., Simple and Robust Loss Design for Multi-Label Learning with Missing Labels, 2021. Code:
xinyu1205/robust-loss-mlml (MIT), which takes log(sigmoid) and so loses positives below logit -100; logsigmoid here.

    positive: -(1 - p_m)^gamma log p_m, p_m = sigmoid(z - margin);   negative: (lambda - p) p^2

With lambda 1.5 the negative's slope in p is 3p(1 - p): it grows, then falls back to 0 at p = 1, a hill. The reduction
is `sum` by default, as in the public code.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.losses import LOSSES
from longtail.losses.focus import power
from longtail.losses.masking import Reduction, check_reduction, precise, two_sided


def hill_loss(
    logits: Tensor,
    target: Tensor,
    *,
    lambda_: float = 1.5,
    margin: float = 1.0,
    gamma: float = 2.0,
    reduction: Reduction = "sum",
) -> Tensor:
    """Hill loss of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown; `mean` divides by the known entries."""
    logits = precise(logits)
    chance = torch.sigmoid(logits)
    if_negative = (lambda_ - chance) * (chance * chance)
    return two_sided(margin_focal(logits - margin, gamma), if_negative, target, reduction=reduction)


def margin_focal(shifted: Tensor, gamma: float) -> Tensor:
    """Focal loss of positives, `-(1 - p)^gamma log p`, at logits that have the margin taken off already."""
    return -functional.logsigmoid(shifted) * power(torch.sigmoid(-shifted), gamma)


@LOSSES.register("hill", paper="Zhang et al. 2021", code="xinyu1205/robust-loss-mlml", task="multilabel")
class Hill(nn.Module):
    """For missing labels: a negative that looks very positive pulls less, not more."""

    needs: ClassVar[str] = "logits"

    def __init__(
        self, *, lambda_: float = 1.5, margin: float = 1.0, gamma: float = 2.0, reduction: Reduction = "sum"
    ) -> None:
        super().__init__()
        check_reduction(reduction)
        self.lambda_, self.margin, self.gamma, self.reduction = lambda_, margin, gamma, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return hill_loss(
            inputs, target, lambda_=self.lambda_, margin=self.margin, gamma=self.gamma, reduction=self.reduction
        )
