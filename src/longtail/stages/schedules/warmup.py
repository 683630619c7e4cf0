"""A linear warm-up before any schedule: Goyal et al., "Accurate, Large Minibatch SGD", 2017."""

from collections.abc import Callable

from longtail.errors import UserError

Rate = Callable[[int], float]


def warmup_steps(total: int, per_epoch: int, epochs: float, fraction: float) -> int:
    """How many steps warm up: `epochs` of them or a `fraction` of the whole training, less than all."""
    if epochs < 0 or not 0 <= fraction < 1 or (epochs and fraction):
        raise UserError(
            f"'warmup_epochs' is {epochs:g} and 'warmup_fraction' {fraction:g}; give one of them, epochs from 0 or a"
            " fraction from 0 to below 1."
        )
    steps = round(epochs * per_epoch + fraction * total)
    return min(steps, max(total - 1, 0))


def warmed(after: Rate, steps: int, lr: float) -> Rate:
    """Rates rise in equal parts up to `lr`, which the first step after `steps` of warm-up has; then `after` begins."""
    return lambda step: lr * (step + 1) / (steps + 1) if step < steps else after(step - steps)
