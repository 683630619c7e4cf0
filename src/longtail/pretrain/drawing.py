"""Which images a step shows: a pure function of (seed, step), so that a run goes on exactly where it was.

All passes over the images lie one after the other, each in an order of its own, and steps cut pieces of it. The pieces
of all processes together are those of a single one with their batches added up.
"""

from functools import lru_cache

import numpy as np

from longtail.pretrain.sources import Rows
from longtail.sampling.drawing import stream


def rows_of_step(count: int, batch: int, step: int, seed: int, rank: int = 0, world: int = 1) -> Rows:
    """`(batch,)` numbers below `count` for one process's part of a step."""
    places = (step * batch + np.arange(batch, dtype=np.int64)) * world + rank
    passes, within = np.divmod(places, count)
    found = np.empty(batch, dtype=np.int64)
    for turn in np.unique(passes):
        chosen = passes == turn
        found[chosen] = _order(count, seed, int(turn))[within[chosen]]
    return found


@lru_cache(maxsize=4)
def _order(count: int, seed: int, turn: int) -> Rows:
    return stream(seed, turn).permutation(count)
