"""Pixels from several places, and which rows a step shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.pretrain.drawing import rows_of_step
from longtail.pretrain.sources import as_source

A = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1)
B = A[:2] + 100


def test_several_sources_are_one() -> None:
    source = as_source([A, as_source(B)])
    assert len(source) == 5
    np.testing.assert_array_equal(source.rows([4, 0, 2, 3]), np.stack([B[1], A[0], A[2], B[0]]))
    assert source.rows([]).shape == (0, 2, 2, 1)


def test_refusals() -> None:
    with pytest.raises(UserError, match="prepare all with one size"):
        as_source([A, np.zeros((2, 3, 3, 1), np.uint8)])
    with pytest.raises(UserError, match=r"float64 of shape \(2, 3\)"):
        as_source(np.zeros((2, 3)))
    with pytest.raises(UserError, match="are a str"):
        as_source("folder")  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 12), st.integers(1, 3))
def test_processes_together_show_what_one_would(count: int, batch: int, step: int, world: int) -> None:
    single = rows_of_step(count, batch * world, step, 9)
    parts = [rows_of_step(count, batch, step, 9, rank, world) for rank in range(world)]
    np.testing.assert_array_equal(np.stack(parts, 1).reshape(-1), single)


def test_every_pass_shows_each_image_once() -> None:
    shown = np.concatenate([rows_of_step(10, 4, step, 1) for step in range(5)])
    assert sorted(shown[:10]) == sorted(shown[10:]) == list(range(10))
    assert list(shown[:10]) != list(shown[10:])
