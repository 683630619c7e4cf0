"""The repair: each label in each part wherever some assignment can do that, against trying them all."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.division.presence import present_everywhere


def lacking(has, parts, k):
    """(label, part) pairs that are missing, with any group at all as one more label."""
    labels = [np.ones(len(has), dtype=bool), *has.T]
    return sum(not (row & (parts == part)).any() for row in labels if row.sum() >= k for part in range(k))


@given(st.integers(2, 7), st.integers(2, 3), st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_as_good_as_the_best_of_all_assignments(groups, k, labels, seed):
    rng = np.random.default_rng(seed)
    has = rng.random((groups, labels)) < rng.uniform(0.2, 0.8)
    start = rng.integers(0, k, groups)
    best = min(lacking(has, np.array(parts), k) for parts in product(range(k), repeat=groups))
    found = present_everywhere(has, np.ones(groups, dtype=np.int64), start, k, np.random.default_rng(seed))
    assert lacking(has, found, k) == best


def test_what_is_whole_stays():
    has, parts = np.eye(4, dtype=bool)[[0, 0, 1, 1]], np.array([0, 1, 0, 1])
    assert present_everywhere(has, np.ones(4, dtype=np.int64), parts, 2, np.random.default_rng(0)) is parts


def test_the_smallest_group_moves():
    has = np.ones((4, 1), dtype=bool)
    parts = present_everywhere(has, np.array([9, 3, 7, 8]), np.zeros(4, dtype=np.int64), 2, np.random.default_rng(3))
    assert parts.tolist() == [0, 1, 0, 0]


def test_an_impossible_wish_ends():
    triangle = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1]], dtype=bool)  # each label on two of three groups
    parts = present_everywhere(
        triangle, np.ones(3, dtype=np.int64), np.zeros(3, dtype=np.int64), 2, np.random.default_rng(0)
    )
    assert lacking(triangle, parts, 2) == 1
