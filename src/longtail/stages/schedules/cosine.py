"""Half a cosine from the rate to its end: Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts."""

import math

from longtail.stages import SCHEDULES
from longtail.stages.schedules.warmup import Rate, warmed, warmup_steps


@SCHEDULES.register("cosine", paper="Loshchilov and Hutter 2017")
def cosine(
    total: int,
    per_epoch: int,
    lr: float,
    *,
    warmup_epochs: float = 0.0,
    warmup_fraction: float = 0.0,
    end_lr: float = 0.0,
) -> Rate:
    """From `lr`, after a linear warm-up, along half a cosine to `end_lr`, which the step after the last would have."""
    steps = warmup_steps(total, per_epoch, warmup_epochs, warmup_fraction)
    rest = max(total - steps, 1)

    def rate(step: int) -> float:
        return end_lr + (lr - end_lr) * (1 + math.cos(math.pi * min(step / rest, 1.0))) / 2

    return warmed(rate, steps, lr)
