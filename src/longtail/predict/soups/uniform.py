"""A uniform soup: the mean of all members, or a weighted one."""

from collections.abc import Callable, Sequence

from torch import Tensor

from longtail.predict.soups import SOUPS
from longtail.predict.soups.averaging import State, mean_state


@SOUPS.register("uniform", paper="Wortsman et al. 2022", code="mlfoundations/model-soups")
def uniform_soup(
    states: Sequence[State], _score: Callable[[State], float] | None = None, *, weights: list[float] | None = None
) -> tuple[dict[str, Tensor], list[int]]:
    """The mean of all members, by `weights` where they are said; nothing is judged."""
    return mean_state(states, weights=weights), list(range(len(states)))
