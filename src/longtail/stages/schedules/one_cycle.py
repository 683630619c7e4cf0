"""One cycle: up along a cosine, then down: Smith and Topin, "Super-Convergence", 2019; rates as torch's OneCycleLR has
them. The momentum stays as it is.
"""

import math

from longtail.errors import UserError
from longtail.stages import SCHEDULES
from longtail.stages.schedules.warmup import Rate


@SCHEDULES.register("one_cycle", paper="Smith and Topin 2019", code="torch OneCycleLR")
def one_cycle(
    total: int,
    per_epoch: int,  # noqa: ARG001 - every schedule gets it
    lr: float,
    *,
    rise: float = 0.3,
    start_factor: float = 25.0,
    end_factor: float = 1e4,
) -> Rate:
    """From `lr / start_factor` up to `lr` in the first part `rise` of the steps, then to that / `end_factor`."""
    if not 0 < rise < 1 or start_factor <= 0 or end_factor <= 0:
        raise UserError("the schedule 'one_cycle' has a rise between 0 and 1, and factors above 0.")
    low, top, last = lr / start_factor, rise * total - 1, max(total - 1, 1)

    def rate(step: int) -> float:
        if step <= top:
            return _between(low, lr, step / top if top > 0 else 1.0)
        return _between(lr, low / end_factor, min((step - top) / (last - top), 1.0))

    return rate


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
