"""Weights by ensemble selection: again and again add the member that helps most (Caruana et al. 2004).

Members may be added more than once, so counts become weights. It starts from the best single member, stops at nothing
before `rounds`, and keeps the best round: never worse on validation than the best member alone.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def selected_weights(values: npt.NDArray[np.floating], score: Callable[[Floats], float], rounds: int) -> Floats:
    """Weights `(M,)` that sum to 1, from values `(M, ...)` and a score of their weighted mean (higher is better)."""
    members = len(values)
    total, counts = np.zeros(values.shape[1:]), np.zeros(members)
    best, found = -np.inf, np.full(members, 1 / members)
    for done in range(rounds):
        scores = np.array([score((total + each) / (done + 1)) for each in values])
        if np.isnan(scores).all():
            break
        chosen = int(np.nanargmax(scores))  # the first of equals, so that it is always the same one
        total, counts[chosen] = total + values[chosen], counts[chosen] + 1
        if scores[chosen] > best:
            best, found = scores[chosen], counts / (done + 1)
    return found
