"""Sums of packed weights are the weights' sums, for every width of field."""

import numpy as np
import pytest

from longtail.evaluate.packing import packed


@pytest.mark.parametrize(("most", "per_word"), [(1, 7), (1000, 3), (10**6, 2), (10**10, 1)])
def test_sums_survive_packing(most: int, per_word: int) -> None:
    weights = np.random.default_rng(0).integers(0, most + 1, (7, 50))
    pack = packed(weights)
    assert pack.per_word == per_word
    np.testing.assert_array_equal(pack.unpacked(np.cumsum(pack.words, axis=1)), np.cumsum(weights, axis=1))


def test_nothing_drawn() -> None:
    pack = packed(np.zeros((2, 3), dtype=np.int64))
    np.testing.assert_array_equal(pack.unpacked(pack.words), np.zeros((2, 3)))
