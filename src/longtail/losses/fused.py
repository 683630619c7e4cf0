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
from longtail.losses.masking import Reduction, check_reduction, sides
from longtail.losses.shapes import check_labels


class Gain(NamedTuple):
    """The negative loss of entries on one side, and its derivative by that side's own logit.

    The positive side's own logit is z, the negative side's is -z: so both read alike, and one formula serves both.
    """

    value: Tensor
    slope: Tensor


def focal_gain(right: Tensor, wrong: Tensor, log_right: Tensor, gamma: float, *, detach: bool = False) -> Gain:
    """`wrong^gamma log right`, of the probabilities of an entry's own side and of the other.

    The slope is `wrong^gamma (wrong - gamma right log right)`, or without its second term when the weight is detached.
    """
    if gamma == 0:
        return Gain(log_right, wrong)
    weight = power(wrong, gamma)
    inner = wrong if detach else torch.addcmul(wrong, right, log_right, value=-gamma)
    return Gain(weight * log_right, weight * inner)


@torch.no_grad()
def mixed(
    if_positive: Gain,
    if_negative: Gain,
    target: Tensor,
    *,
    reduction: Reduction,
    positive_weight: Tensor | float | None = None,
    negative_weight: Tensor | float | None = None,
) -> tuple[Tensor, Tensor, Tensor | float]:
    """What `with_slope` takes, for a batch: the loss, the gains' slope by the logits, and the factor between.

    Targets between 0 and 1 mix the sides, unknown ones (nan) take part in neither. Weights broadcast to `(B, C)`;
    `mean` divides by the number of known entries, whatever the weights.
    """
    check_reduction(reduction)
    check_labels(if_positive.value, target)
    positive, negative = sides(target.to(if_positive.value.dtype))
    scale: Tensor | float = -1.0
    if reduction == "mean":
        scale = (positive + negative).sum().clamp_(min=1).reciprocal_().neg_()
    if positive_weight is not None:
        positive *= positive_weight
    if negative_weight is not None:
        negative *= negative_weight
    slope = (positive * if_positive.slope).addcmul_(negative, if_negative.slope, value=-1)
    gains = positive.mul_(if_positive.value).addcmul_(negative, if_negative.value)
    return (gains if reduction == "none" else gains.sum()) * scale, slope, scale


def with_slope(logits: Tensor, value: Tensor, slope: Tensor, scale: Tensor | float = 1.0) -> Tensor:
    """`value` (one number, or logits' shape), whose derivative by `logits` is `scale * slope`, `(B, C)`."""
    result: Tensor = _WithSlope.apply(logits, value, slope, scale)
    return result


class _WithSlope(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, value: Tensor, slope: Tensor, scale: Tensor | float) -> Tensor:
        ctx.save_for_backward(slope)
        ctx.scale, ctx.dtype = scale, logits.dtype
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        if torch.is_grad_enabled():  # create_graph: the slope would pass for a constant, silently
            raise RuntimeError("this loss has no second derivatives; call backward without create_graph.")
        (slope,) = ctx.saved_tensors
        return (slope * (grad * ctx.scale)).to(ctx.dtype), None, None, None
