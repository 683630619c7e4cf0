"""Losses whose slope is worked out together with their value.

The losses of this room that are a sum over entries are small next to a network, but autograd's tape of a dozen small
steps costs them three to five times binary cross-entropy. Their derivatives are one line each, share everything with
the value, and need no tape. The price: no second derivatives (asking for them is an error), and every such loss is
checked by `gradcheck`.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from longtail.losses.focus import power
from longtail.losses.masking import check_reduction, sides


class Cost(NamedTuple):
    """What entries cost on one side (positive or negative), and the derivative of that by their logits."""

    value: Tensor
    slope: Tensor


def with_slope(logits: Tensor, value: Tensor, slope: Tensor) -> Tensor:
    """`value` (one number, or logits' shape), whose derivative by `logits` autograd takes from `slope` `(B, C)`."""
    result: Tensor = _WithSlope.apply(logits, value, slope)
    return result


def mixed(
    if_positive: Cost,
    if_negative: Cost,
    target: Tensor,
    *,
    reduction: str,
    positive_weight: Tensor | float | None = None,
    negative_weight: Tensor | float | None = None,
) -> Cost:
    """Value and slope of a batch from those of each entry as a positive and as a negative; call it under `no_grad`.

    Targets between 0 and 1 mix the sides, unknown ones (nan) take part in neither. Weights broadcast to `(B, C)`;
    `mean` divides by the number of known entries, whatever the weights.
    """
    check_reduction(reduction)
    positive, negative = sides(target.to(if_positive.value.dtype))
    share = 1 / (positive.sum() + negative.sum()).clamp_(min=1) if reduction == "mean" else None
    if positive_weight is not None:
        positive *= positive_weight
    if negative_weight is not None:
        negative *= negative_weight
    slope = (positive * if_positive.slope).addcmul_(negative, if_negative.slope)
    if reduction == "none":
        return Cost(positive * if_positive.value + negative * if_negative.value, slope)
    value = _dot(positive, if_positive.value) + _dot(negative, if_negative.value)
    return Cost(value, slope) if share is None else Cost(value * share, slope.mul_(share))


def focal_cost(right: Tensor, wrong: Tensor, log_right: Tensor, gamma: float, *, detach: bool = False) -> Cost:
    """`-wrong^gamma log right`, of the probabilities of the right side and of the other, by the right side's logit.

    The slope is `wrong^gamma (gamma right log right - wrong)`, or without its first term when the weight is detached.
    """
    if gamma == 0:
        return Cost(-log_right, -wrong)
    weight = power(wrong, gamma)
    inner = -wrong if detach else (right * log_right).mul_(gamma).sub_(wrong)
    return Cost((weight * log_right).neg_(), inner.mul_(weight))


def turned(cost: Cost) -> Cost:
    """The same cost by the opposite logit: a positive's formula read for a negative."""
    return Cost(cost.value, -cost.slope)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Sum of products without a tensor in between."""
    return a.reshape(-1).dot(b.reshape(-1))


class _WithSlope(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, value: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        ctx.dtype = logits.dtype
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # create_graph: the slope would pass for a constant, silently
            raise RuntimeError("this loss has no second derivatives; call backward without create_graph.")
        (slope,) = ctx.saved_tensors
        return (slope * grad).to(ctx.dtype), None, None
