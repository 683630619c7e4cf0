"""Packed weightings: every field's running sums are those of the plain weights, however often 16 bits overflow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.evaluate.packing import fields, packed, running, with_stops


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 3000), st.sampled_from([1, 15, 255]))
def test_running_sums(seed: int, count: int, units: int, largest: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, largest + 1, (count, units))
    done = packed(weights)
    assert (done.count, done.largest) == (count, weights.max())
    np.testing.assert_array_equal(fields(done.words)[:count], weights)
    places = with_stops(rng.integers(0, units + 1, 5), units)
    expected = np.concatenate([np.zeros((count, 1)), weights.cumsum(axis=1)], axis=1)[:, places]
    found = running(done.words, places)
    np.testing.assert_array_equal(found[:count], expected)
    assert not found[count:].any()


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        packed(np.array([[256]]))
    with pytest.raises(ValueError, match="do not fit"):
        packed(np.ones((9, 2), dtype=np.int64))
