"""What every loss over labels shares: unknown targets, float32, the two sides of a label, reductions.

A multi-label loss is written as two tensors of logits' shape, the loss of an entry if it were positive and if it were
negative; `two_sided` mixes them by the target. So targets between 0 and 1 (mixed images, smoothed labels) are right in
every loss of this room, an unknown target takes part in neither side, and nothing is gathered or synchronised.
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
        return (target == target).to(target.dtype), target.nan_to_num(0.0)
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


def two_sided(
    if_positive: Tensor,
    if_negative: Tensor,
    target: Tensor,
    *,
    reduction: str,
    positive_weight: Tensor | float | None = None,
    negative_weight: Tensor | float | None = None,
) -> Tensor:
    """Loss of `(B, C)` entries from what each would cost as a positive and as a negative.

    Weights broadcast to `(B, C)`. `mean` divides by the number of known entries, whatever the weights.
    """
    check_reduction(reduction)
    positive, negative = sides(target.to(if_positive.dtype))
    count = (positive.sum() + negative.sum()).clamp(min=1) if reduction == "mean" else None
    positive = positive if positive_weight is None else positive * positive_weight
    negative = negative if negative_weight is None else negative * negative_weight
    if reduction == "none":
        return positive * if_positive + negative * if_negative
    total = _dot(positive, if_positive) + _dot(negative, if_negative)
    return total if count is None else total / count


def check_reduction(reduction: str) -> None:
    """Refuse what is no reduction."""
    if reduction not in REDUCTIONS:
        raise unknown_name("reduction", reduction, REDUCTIONS)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum of products without a tensor in between."""
    return a.reshape(-1).dot(b.reshape(-1))
