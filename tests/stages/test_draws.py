"""Rows of each step: pure, each process a share, the union what one process draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.running.processes import World
from longtail.stages.component import NamedPart
from longtail.stages.draws import Draws, Plan, earlier

TARGETS = np.arange(23) % 3


def draws(batch: int, world: World, sampler: str = "instance", rows: int = 23) -> Draws:
    return Draws(NamedPart(sampler), TARGETS, np.arange(rows), batch=batch, seed=1, epochs=3, world=world)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 4), st.sampled_from(["instance", "class_aware", "progressive"]))
def test_the_union_of_processes_is_the_single_draw(batch: int, size: int, sampler: str) -> None:
    alone = draws(batch, World(), sampler)
    shares = [draws(batch, World(rank, size), sampler) for rank in range(size)]
    for epoch in (1, 0):
        for step in range(alone.per_epoch):
            whole = alone.step(epoch, step)
            parts = [share.step(epoch, step) for share in shares]
            for rank, part in enumerate(parts):
                assert np.array_equal(whole.rows[rank::size], part.rows)
                assert np.array_equal(whole.repeats[rank::size], part.repeats)


def test_a_rest_of_half_a_batch_or_more_is_a_batch() -> None:
    assert draws(9, World()).per_epoch == 3  # 9, 9, 5
    assert draws(10, World()).per_epoch == 2  # 10, 10, and 3 left out
    assert draws(100, World()).per_epoch == 1
    assert len(draws(9, World()).step(0, 2).rows) == 5


def test_epochs_differ_and_repeat_themselves() -> None:
    found = draws(23, World())
    first, second = found.step(0, 0).rows.copy(), found.step(1, 0).rows.copy()
    assert not np.array_equal(first, second)
    assert np.array_equal(found.step(0, 0).rows, first)


def test_earlier() -> None:
    rows = np.array([5, 3, 5, 5, 3, 0])
    assert earlier(rows).tolist() == [0, 0, 1, 2, 1, 0]


def test_more_processes_than_rows() -> None:
    with pytest.raises(UserError, match="fewer processes"):
        draws(4, World(0, 5), rows=3)


def test_a_single_image_cannot_be_trained_on() -> None:
    with pytest.raises(UserError, match="train on two or more"):
        draws(4, World(), rows=1)


def test_plan_cuts_the_last_epoch() -> None:
    plan = Plan(per_epoch=4, total=10)
    assert plan.epochs == 3
    assert [plan.steps_of(epoch) for epoch in range(3)] == [4, 4, 2]
