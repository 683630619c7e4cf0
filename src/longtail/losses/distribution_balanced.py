"""Distribution-balanced loss: weights that know which labels come together, and negatives that stop pushing.

Paper: Wu et al., Distribution-Balanced Loss for Multi-Label Classification in Long-Tailed Datasets, ECCV 2020. Code:
`timm.loss.DistributionBalancedLoss`, whose defaults (the paper's for COCO; VOC has map_mu 0.3, neg_scale 5), reduction
and treatment of binary targets are these; the original repository has no licence.

Three parts. Weights: the chance of drawing label c by itself over the chance of drawing the image through any of its
labels, r = (1/n_c) / sum_positives(1/n_j), made smooth, w = map_alpha + sigmoid(map_beta (r - map_mu)). Negatives:
softplus(neg_scale z) / neg_scale, flat sooner. A prior: z is the logit plus init_bias log(pi/(1-pi)) / neg_scale. On
top a focal term, times focal_balance. An image without positives has r infinite: weight 1 + map_alpha, where the
original is nan. Empty labels count as one image.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_shares
from longtail.losses.fused import Gain, focal_gain, mixed, with_slope
from longtail.losses.masking import Reduction, check_reduction, precise
from longtail.losses.shapes import check_labels, check_per_class


def distribution_balanced_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    num_rows: int,
    *,
    map_alpha: float = 0.1,
    map_beta: float = 10.0,
    map_mu: float = 0.2,
    neg_scale: float = 2.0,
    init_bias: float = 0.05,
    focal_gamma: float = 2.0,
    focal_balance: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Distribution-balanced loss of logits `(B, C)` and targets `(B, C)` in [0, 1], nan unknown.

    `class_counts` `(C,)` are images having each label among `num_rows`. `mean` divides by the number of known entries.
    """
    rarity, bias = label_constants(class_counts, num_rows, init_bias / neg_scale)
    return balanced_tolerant(
        logits,
        target,
        rarity.to(logits.device),
        bias.to(logits.device),
        smoothing_map=(map_alpha, map_beta, map_mu),
        neg_scale=neg_scale,
        gamma=focal_gamma,
        balance=focal_balance,
        reduction=reduction,
    )


def label_constants(class_counts: Counts, num_rows: int, bias_scale: float) -> tuple[Tensor, Tensor]:
    """`(1 / n_c, bias_scale log(pi / (1 - pi)))`, each `(C,)`, counts held to 1 .. num_rows - 1."""
    if num_rows < 2:
        raise UserError(f"num_rows is {num_rows}; the distribution-balanced loss needs 2 training images or more.")
    counts = (as_shares(class_counts, num_rows) * num_rows).round().clamp(1, num_rows - 1)
    return (1 / counts).float(), (bias_scale * torch.log(counts / (num_rows - counts))).float()


def rebalancing_weights(target: Tensor, rarity: Tensor, alpha: float, beta: float, mu: float) -> Tensor:
    """The smoothed ratio of chances, `(B, C)`, from targets `(B, C)` and `1 / n_c` `(C,)`."""
    rarity = precise(rarity)
    through_any = (target.to(rarity.dtype).nan_to_num(0.0) * rarity).sum(dim=1, keepdim=True)
    ratio = rarity / through_any.clamp(min=torch.finfo(rarity.dtype).tiny)
    return torch.sigmoid(beta * (ratio - mu)) + alpha


def balanced_tolerant(
    logits: Tensor,
    target: Tensor,
    rarity: Tensor,
    bias: Tensor,
    *,
    smoothing_map: tuple[float, float, float],
    neg_scale: float,
    gamma: float,
    balance: float,
    reduction: Reduction,
) -> Tensor:
    """The loss from the labels' constants `rarity` and `bias`, each `(C,)`."""
    check_labels(logits, target)
    check_per_class(rarity, logits, "class_counts")
    weight = rebalancing_weights(target, rarity, *smoothing_map)
    if_positive, if_negative = tolerant_gains(logits, bias, neg_scale, gamma)
    parts = mixed(
        if_positive,
        if_negative,
        target,
        reduction=reduction,
        positive_weight=weight.mul_(balance) if gamma > 0 else weight,
        negative_weight=weight,
    )
    return with_slope(logits, *parts)


@torch.no_grad()
def tolerant_gains(logits: Tensor, bias: Tensor, neg_scale: float, gamma: float) -> tuple[Gain, Gain]:
    """Focal gains of shifted logits, the negative's of logits that are scaled, the scale divided out again."""
    logits = precise(logits) + bias
    chance = torch.sigmoid(logits)
    if_positive = focal_gain(chance, 1 - chance, functional.logsigmoid(logits), gamma)
    scaled = logits * neg_scale
    chance = torch.sigmoid(scaled)
    value, slope = focal_gain(1 - chance, chance, functional.logsigmoid(scaled).sub_(scaled), gamma)
    return if_positive, Gain(value / neg_scale, slope)


@LOSSES.register(
    "distribution_balanced", paper="Wu et al. 2020", code="timm DistributionBalancedLoss", task="multilabel"
)
class DistributionBalanced(nn.Module):
    """Weights for labels that come together, and negatives that stop pushing early."""

    needs: ClassVar[str] = "logits"
    rarity: Tensor
    bias: Tensor

    def __init__(
        self,
        class_counts: Counts,
        num_rows: int,
        *,
        map_alpha: float = 0.1,
        map_beta: float = 10.0,
        map_mu: float = 0.2,
        neg_scale: float = 2.0,
        init_bias: float = 0.05,
        focal_gamma: float = 2.0,
        focal_balance: float = 2.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_reduction(reduction)
        if neg_scale <= 0 or focal_gamma < 0:
            raise UserError(
                f"distribution-balanced loss: neg_scale is {neg_scale}, focal_gamma {focal_gamma};"
                " choose neg_scale above 0 and focal_gamma 0 or more."
            )
        rarity, bias = label_constants(class_counts, num_rows, init_bias / neg_scale)
        self.register_buffer("rarity", rarity, persistent=False)
        self.register_buffer("bias", bias, persistent=False)
        self.map = (map_alpha, map_beta, map_mu)
        self.neg_scale, self.gamma, self.balance = neg_scale, focal_gamma, focal_balance
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return balanced_tolerant(
            inputs,
            target,
            self.rarity,
            self.bias,
            smoothing_map=self.map,
            neg_scale=self.neg_scale,
            gamma=self.gamma,
            balance=self.balance,
            reduction=self.reduction,
        )
