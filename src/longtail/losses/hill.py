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
from longtail.losses.fused import Gain, focal_gain, mixed, with_slope
from longtail.losses.masking import Reduction, check_reduction, precise


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
    parts = mixed(margin_focal(logits, margin, gamma), _hill(logits, lambda_), target, reduction=reduction)
    return with_slope(logits, *parts)


@torch.no_grad()
def margin_focal(logits: Tensor, margin: float, gamma: float) -> Gain:
    """Focal gain of positives at logits less a margin."""
    shifted = precise(logits) - margin
    chance = torch.sigmoid(shifted)
    return focal_gain(chance, 1 - chance, functional.logsigmoid(shifted), gamma)


@torch.no_grad()
def _hill(logits: Tensor, top: float) -> Gain:
    """`(p - lambda) p^2` and its slope by -z, `p^2 (1-p) (2 lambda - 3p)`."""
    chance = torch.sigmoid(precise(logits))
    square = chance * chance
    return Gain((chance - top).mul_(square), (2 * top - 3 * chance).mul_(square.addcmul(square, chance, value=-1)))


@LOSSES.register("hill", paper="Zhang et al. 2021", code="xinyu1205/robust-loss-mlml", task="multilabel")
class Hill(nn.Module):
    """For missing labels: a negative that looks very positive pulls less, not more."""

    needs: ClassVar[str] = "logits"

    def __init__(
        self, *, lambda_: float = 1.5, margin: float = 1.0, gamma: float = 2.0, reduction: Reduction = "sum"
    ) -> None:
        super().__init__()
        check_reduction(reduction)
        self.lambda_, self.margin, self.gamma = lambda_, margin, gamma
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return hill_loss(
            inputs, target, lambda_=self.lambda_, margin=self.margin, gamma=self.gamma, reduction=self.reduction
        )
