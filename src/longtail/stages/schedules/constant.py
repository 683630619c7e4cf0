"""One rate throughout, after a linear warm-up."""

from longtail.stages import SCHEDULES
from longtail.stages.schedules.warmup import Rate, warmed, warmup_steps


@SCHEDULES.register("constant")
def constant(
    total: int, per_epoch: int, lr: float, *, warmup_epochs: float = 0.0, warmup_fraction: float = 0.0
) -> Rate:
    """`lr` at every step."""
    return warmed(lambda _: lr, warmup_steps(total, per_epoch, warmup_epochs, warmup_fraction), lr)
