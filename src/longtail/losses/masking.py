"""What the losses share: unknown targets, float32, the two sides of a label, reductions.

Unknown targets are masked by multiplication, never gathered, so that nothing waits for a device. A target between 0 and
1 (mixed images, smoothed labels) means the same in every multi-label loss of this room: that share of the loss of a
positive, and the rest of the loss of a negative.
"""

from typing import Literal, get_args

from torch import Tensor, float64

from longtail.errors import unknown_name

Reduction = Literal["mean", "sum", "none"]
REDUCTIONS: tuple[str, ...] = get_args(Reduction)


def precise(logits: Tensor) -> Tensor:
    """`logits` in float32 (float64 stays): exponentials of fp16 and bf16 logits overflow or round away."""
    return logits if logits.dtype == float64 else logits.float()


def known(target: Tensor) -> tuple[Tensor, Tensor]:
    """`(mask, filled)` of `target`'s shape: a float mask, 1 where known, and the target with 0 in place of unknowns.

    Unknown is nan in a float target (multi-label) and a negative number in an integer target (single-label).
    """
    if target.is_floating_point():
        # nan - nan stays nan; turning a comparison into numbers takes twice as long on a CPU
        return (target - target).add_(1).nan_to_num_(0.0), target.nan_to_num(0.0)
    return (target >= 0).float(), target.clamp(min=0)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` is 1; 0, with a graph, where it is 1 nowhere. Values must be finite everywhere."""
    return (values * mask).sum() / mask.sum().clamp(min=1)


def reduced(values: Tensor, mask: Tensor, reduction: str) -> Tensor:
    """`mean` over known entries, `sum` over them, or `none`: every entry, 0 where unknown."""
    check_reduction(reduction)
    if reduction == "mean":
        return masked_mean(values, mask)
    return values * mask if reduction == "none" else (values * mask).sum()


def sides(target: Tensor) -> tuple[Tensor, Tensor]:
    """`(positive, negative)`, each of `target`'s shape: the target and its complement, both 0 where it is unknown."""
    return target.nan_to_num(0.0), (1 - target).nan_to_num_(0.0)


def check_reduction(reduction: str) -> None:
    """Refuse what is no reduction."""
    if reduction not in REDUCTIONS:
        raise unknown_name("reduction", reduction, REDUCTIONS)
