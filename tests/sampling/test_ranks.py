import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.sampling import shard


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 40), st.integers(1, 7), st.integers(1, 5))
def test_batches_over_ranks_are_the_single_process_s(length: int, world: int, batch: int) -> None:
    order = np.random.default_rng(length).permutation(length)
    parts = [shard(order, rank, world, fill=False) for rank in range(world)]
    assert sorted(np.concatenate(parts).tolist()) == sorted(order.tolist())
    for start in range(0, length, batch * world):
        step = start // world
        together = np.concatenate([part[step : step + batch] for part in parts])
        assert sorted(together.tolist()) == sorted(order[start : start + batch * world].tolist())


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50))
def test_filled_ranks_are_equally_long_and_repeat_only_the_first_draws(length: int, world: int) -> None:
    order = np.arange(length)
    parts = [shard(order, rank, world) for rank in range(world)]
    assert len({len(part) for part in parts}) == 1
    together = np.stack(parts, axis=1).reshape(-1)
    assert together[:length].tolist() == order.tolist()
    assert together[length:].tolist() == [i % length for i in range(len(together) - length)]


def test_ranks_out_of_range() -> None:
    with pytest.raises(UserError, match="rank is 2 of 2 processes"):
        shard(np.arange(3), 2, 2)
