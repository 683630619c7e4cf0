"""Two-way loss: the hardest positive against the hardest negative, within each image and within each label.

Paper: Kobayashi, Two-Way Multi-Label Loss, CVPR 2023. Code: `timm.loss.TwoWayLoss` (same defaults and reduction). With
T the temperatures and LSE the log of a sum of exponentials,

    softplus( Tn LSE_negatives(z / Tn) + Tp LSE_positives(-z / Tp) )

once per image over its labels and once per label over the batch's images; each way is the mean over the images (labels)
that have a positive, and the two are added. So `mean` is over rows and columns, not entries, and small batches see few
labels. The logits are ranks, not probabilities: calibrate before thresholding.

Entries of the other sort are sunk by -1e30 instead of masked: adding is cheap, a row with nothing in it comes out as an
exact 0 with gradient 0, and no logit of either sign reaches that deep (timm's -1e4 is reached by fp16 logits).
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.losses.fused import with_slope
from longtail.losses.masking import precise
from longtail.losses.shapes import check_labels

_DEEP = -1e30


def two_way_loss(
    logits: Tensor, target: Tensor, *, temperature_pos: float = 4.0, temperature_neg: float = 1.0
) -> Tensor:
    """Two-way loss of logits `(B, C)` and targets `(B, C)`; above 0.5 is positive, nan unknown. A single number."""
    check_labels(logits, target)
    with torch.no_grad():
        scores = precise(logits)
        positive = (target > 0.5).to(scores.dtype)
        negative = (target <= 0.5).to(scores.dtype)
        push = (1 - positive).mul_(_DEEP).sub_(scores, alpha=1 / temperature_pos)
        pull = (1 - negative).mul_(_DEEP).add_(scores, alpha=1 / temperature_neg)
        value, slope = scores.new_zeros(()), torch.zeros_like(scores)
        for dim in (0, 1):
            hard_positive, push_share = _hardest(push, positive, dim)
            hard_negative, pull_share = _hardest(pull, negative, dim)
            gap = hard_negative.mul_(temperature_neg).add_(hard_positive, alpha=temperature_pos)
            there = positive.amax(dim).sum().clamp_(min=1)
            value += functional.softplus(gap).sum() / there
            slope += pull_share.sub_(push_share).mul_(torch.sigmoid(gap).div_(there))
    return with_slope(logits, value, slope)


def _hardest(scores: Tensor, mask: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """`logsumexp` of the masked-in over `dim`, kept, and its derivative, the softmax: one exponential for both.

    Below -80 a score adds nothing in float32, but torch's exponential there is ten times slower on a CPU.
    """
    top = scores.amax(dim, keepdim=True)
    raised = (scores - top).clamp_(min=-80).exp_().mul_(mask)
    total = raised.sum(dim, keepdim=True).clamp_(min=1e-30)
    return top + total.log(), raised.div_(total)


@LOSSES.register("two_way", paper="Kobayashi 2023", code="timm TwoWayLoss", task="multilabel")
class TwoWay(nn.Module):
    """Ranks positives above negatives within each image and within each label of the batch."""

    needs: ClassVar[str] = "logits"

    def __init__(self, *, temperature_pos: float = 4.0, temperature_neg: float = 1.0) -> None:
        super().__init__()
        if temperature_pos <= 0 or temperature_neg <= 0:
            raise UserError(f"two-way loss: temperatures {temperature_pos}, {temperature_neg}; choose them above 0.")
        self.temperature_pos, self.temperature_neg = temperature_pos, temperature_neg

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)`, targets `(B, C)`, nan unknown."""
        return two_way_loss(inputs, target, temperature_pos=self.temperature_pos, temperature_neg=self.temperature_neg)
