"""A process's part of an epoch's order, such that all processes together show what a single one would have shown."""

import numpy as np

from longtail.errors import UserError
from longtail.sampling.labels import Rows


def shard(order: Rows, rank: int, world: int, *, fill: bool = True) -> Rows:
    """Every `world`-th draw of `order`, from `rank` on.

    Batches of b on each of `world` processes are, together and one after the other, the batches of b * world of the
    single process. `fill` repeats the first draws until every process has equally many, as collective operations
    need; without it the union is exactly `order`, and the last processes may have one draw fewer.
    """
    if not 0 <= rank < world:
        raise UserError(f"rank is {rank} of {world} processes; ranks go from 0 to {world - 1}.")
    short = -len(order) % world if fill and len(order) else 0
    return (np.concatenate([order, np.resize(order, short)]) if short else order)[rank::world]
