"""A greedy soup: members join while a score does not fall.

Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time", ICML 2022, recipe 1; public code mlfoundations/model-soups @d5398f1 (MIT), described, not copied.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from longtail.predict.soups import SOUPS
from longtail.predict.soups.averaging import State, mean_state


@SOUPS.register("greedy", paper="Wortsman et al. 2022", code="mlfoundations/model-soups")
def greedy_soup(states: Sequence[State], score: Callable[[State], float]) -> tuple[dict[str, Tensor], list[int]]:
    """Members join, from the best alone to the worst, while the score on validation does not fall.

    `score` is higher for better states; returns the soup and who is in it.
    """
    alone = [score(state) for state in states]
    order = sorted(range(len(states)), key=lambda i: (-alone[i], i))
    chosen, best = [order[0]], alone[order[0]]
    for member in order[1:]:
        tried = score(mean_state([states[i] for i in [*chosen, member]]))
        if tried >= best:
            chosen, best = [*chosen, member], tried
    return mean_state([states[i] for i in chosen]), chosen
