"""A straight line from the rate to its end, after a linear warm-up."""

from longtail.stages import SCHEDULES
from longtail.stages.schedules.warmup import Rate, warmed, warmup_steps


@SCHEDULES.register("linear")
def linear(
    total: int,
    per_epoch: int,
    lr: float,
    *,
    warmup_epochs: float = 0.0,
    warmup_fraction: float = 0.0,
    end_lr: float = 0.0,
) -> Rate:
    """From `lr` in equal parts to `end_lr`, which the step after the last would have."""
    steps = warmup_steps(total, per_epoch, warmup_epochs, warmup_fraction)
    rest = max(total - steps, 1)
    return warmed(lambda step: lr + (end_lr - lr) * min(step / rest, 1.0), steps, lr)
