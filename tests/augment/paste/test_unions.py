"""Unions of labels: present on either side is present, unknown on either side is unknown."""

import numpy as np

from longtail.augment.paste.bank import PatchBank
from longtail.augment.paste.unions import patch_states, union_states

NAN = np.nan


def _bank(rows: list[int], labels: list[int], boxes: list[list[int]]) -> PatchBank:
    return PatchBank(np.array(rows), np.array(labels), np.array(boxes), np.zeros((2, 4), np.int64), {})


def test_a_patch_shows_its_label_and_what_it_carries() -> None:
    bank = _bank([0, 0, 1], [1, 2, 3], [[0, 0, 20, 20], [15, 0, 25, 10], [0, 0, 5, 5]])
    states = np.array([[0, 1, 1, 1, NAN], [0, 0, 0, 1, 0]], np.float32)
    found = patch_states(bank, states, carried=0.5, doubtful="unknown", normal=0)
    # label 3 of image 0 is somewhere but has no box; label 4 nobody knows
    np.testing.assert_array_equal(found[0], [0, 1, 1, NAN, NAN])  # holds half of label 2's box
    np.testing.assert_array_equal(found[1], [0, 0, 1, NAN, NAN])  # holds an eighth of label 1's
    np.testing.assert_array_equal(found[2], [0, 0, 0, 1, 0])
    absent = patch_states(bank, states, carried=0.6, doubtful="absent", normal=0)
    np.testing.assert_array_equal(absent, [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]])
    assert patch_states(bank, states, carried=0, doubtful="absent", normal=None)[0, 2] == 0


def test_a_union() -> None:
    background = np.array([1, 0, NAN, 1, NAN, 0], np.float32)
    patches = np.array([[0, 1, 1, NAN, 0, 0], [0, 0, 0, 0, 0, NAN]], np.float32)
    np.testing.assert_array_equal(union_states(background, patches, 0), [0, 1, 1, 1, NAN, NAN])
    np.testing.assert_array_equal(union_states(background, patches[:0], 0), background)
    np.testing.assert_array_equal(union_states(background, patches, None)[0], 1)
