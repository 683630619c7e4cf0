"""A loss that is no number, or a thousand times what it was: the stage stops, what was last good is kept.

Losses lie on the device and are looked at now and then, so that no step waits for them; the step is named all the same.
"""

from dataclasses import dataclass

from torch import Tensor

from longtail.errors import UserError

_EXPLODED = 1e3  # times the first losses' mean, and
_AT_LEAST = 1e4
_FIRST = 20  # steps


class Diverged(UserError):  # noqa: N818
    """A training that came to nothing."""


@dataclass(frozen=True)
class Divergence:
    """Where it happened."""

    step: int  # of the epoch, from 0
    loss: float


def found_divergence(losses: Tensor, usual: float | None) -> Divergence | None:
    """The first of an epoch's losses `(n,)` that is not finite or exploded beside the `usual` one."""
    limit = float("inf") if usual is None else max(_EXPLODED * abs(usual), _AT_LEAST)
    wrong = ~losses.isfinite() | (losses.abs() > limit)
    if not bool(wrong.any()):
        return None
    step = int(wrong.int().argmax())
    return Divergence(step, float(losses[step]))


def usual_loss(losses: Tensor) -> float | None:
    """The mean of a training's first losses, what later ones are compared with; None where it is no number."""
    first = float(losses[:_FIRST].mean()) if len(losses) else float("nan")
    return first if first == first and abs(first) != float("inf") else None


def divergence_error(
    stage: str, found: Divergence, epoch: int, *, lr: float, precision: str, clip: float | None, kept: str
) -> Diverged:
    """The sentence for it; `epoch` counts from 1."""
    nan = found.loss != found.loss or abs(found.loss) == float("inf")
    what = "became nan or infinite" if nan else f"exploded to {found.loss:.3g}"
    if precision == "fp16":
        cause = "likely fp16 overflowed: write precision: bf16 or fp32"
    elif clip is None:
        cause = f"likely the learning rate {lr:.3g} is too high: lower it, warm up longer, or set clip: 1.0"
    else:
        cause = f"likely the learning rate {lr:.3g} is too high: lower it or warm up longer"
    return Diverged(f"stage '{stage}': the loss {what} in epoch {epoch}, step {found.step + 1}; {cause}. {kept}")
