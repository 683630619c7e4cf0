"""Each member's share of a soup; without torch, so that a recipe is refused before anything trains."""

from collections.abc import Sequence

from longtail.errors import UserError


def shares(weights: Sequence[float] | None, count: int) -> list[float]:
    """Weights of `count` members (default: alike) that sum to 1."""
    given = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(given) != count or min(given) < 0 or not 0 < sum(given) < float("inf"):
        raise UserError(f"{given} are no weights for {count} models; give one number from 0 up for each.")
    return [weight / sum(given) for weight in given]
