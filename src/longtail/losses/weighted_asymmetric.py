"""Class-weighted asymmetric loss: ASL whose positives weigh more the rarer their label.

Code: dongkyunk/CheXFusion (MIT), the winner of CXR-LT 2023; weights as in the weighted binary cross-entropy that it
cites (Shang et al. 2021). With r_c the share of images that have label c, the ASL term is multiplied by
y exp(1 - r_c) + (1 - y) exp(r_c), and the mean is taken over entries.

Trap: r_c is a share of *images*; a public configuration divides by the sum of label counts (see `counts.as_shares`).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.asymmetric import asymmetric_with_weights, check_asymmetric
from longtail.losses.counts import Counts, as_shares
from longtail.losses.masking import Reduction, check_reduction


def weighted_asymmetric_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    num_rows: int,
    *,
    gamma_pos: float = 1.0,
    gamma_neg: float = 4.0,
    clip: float = 0.05,
    detach_focus: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    """Class-weighted ASL of logits `(B, C)` and targets `(B, C)`, nan unknown.

    `class_counts` `(C,)` are images having each label among `num_rows` training images. `mean` divides by the number
    of known entries.
    """
    positive, negative = share_weights(class_counts, num_rows)
    return asymmetric_with_weights(
        logits,
        target,
        positive.to(logits.device),
        negative.to(logits.device),
        gamma_pos=gamma_pos,
        gamma_neg=gamma_neg,
        clip=clip,
        detach_focus=detach_focus,
        reduction=reduction,
    )


def share_weights(class_counts: Counts, num_rows: int) -> tuple[Tensor, Tensor]:
    """`(exp(1 - r), exp(r))`, the weights of positives and of negatives, each `(C,)`."""
    shares = as_shares(class_counts, num_rows).float()
    return torch.exp(1 - shares), torch.exp(shares)


@LOSSES.register("weighted_asymmetric", paper="CXR-LT 2023 winner", code="dongkyunk/CheXFusion", task="multilabel")
class WeightedAsymmetric(nn.Module):
    """ASL with positives of rare labels weighing up to e times more."""

    needs: ClassVar[str] = "logits"
    positive: Tensor
    negative: Tensor

    def __init__(
        self,
        class_counts: Counts,
        num_rows: int,
        *,
        gamma_pos: float = 1.0,
        gamma_neg: float = 4.0,
        clip: float = 0.05,
        detach_focus: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        check_asymmetric(gamma_pos, gamma_neg, clip)
        check_reduction(reduction)
        positive, negative = share_weights(class_counts, num_rows)
        self.register_buffer("positive", positive, persistent=False)
        self.register_buffer("negative", negative, persistent=False)
        self.gamma_pos, self.gamma_neg, self.clip = gamma_pos, gamma_neg, clip
        self.detach_focus = detach_focus
        self.reduction: Reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return asymmetric_with_weights(
            inputs,
            target,
            self.positive,
            self.negative,
            gamma_pos=self.gamma_pos,
            gamma_neg=self.gamma_neg,
            clip=self.clip,
            detach_focus=self.detach_focus,
            reduction=self.reduction,
        )
