"""A rate that drops at milestones, after a linear warm-up."""

from collections.abc import Sequence

from longtail.errors import UserError
from longtail.stages import SCHEDULES
from longtail.stages.schedules.warmup import Rate, warmed, warmup_steps


@SCHEDULES.register("step", code="torch MultiStepLR")
def step(
    total: int,
    per_epoch: int,
    lr: float,
    *,
    epochs: Sequence[float] = (),
    fractions: Sequence[float] = (),
    factor: float = 0.1,
    warmup_epochs: float = 0.0,
    warmup_fraction: float = 0.0,
) -> Rate:
    """`lr` times `factor` once for each milestone passed: after so many `epochs`, or `fractions` of the training."""
    if bool(epochs) == bool(fractions) or not factor > 0:
        raise UserError(
            "the schedule 'step' needs milestones, epochs or fractions (one of them), and a factor above 0."
        )
    if any(mark < 0 for mark in (*epochs, *fractions)) or any(part > 1 for part in fractions):
        raise UserError("milestones of the schedule 'step' are 'epochs' from 0, or 'fractions' from 0 to 1.")
    warm = warmup_steps(total, per_epoch, warmup_epochs, warmup_fraction)
    marks = [round(epoch * per_epoch) for epoch in epochs] + [round(part * total) for part in fractions]
    # Milestones count from the start of the training, so the warm-up's steps are added again.
    return warmed(lambda done: lr * factor ** sum(done + warm >= mark for mark in marks), warm, lr)
