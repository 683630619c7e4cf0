"""AP against scikit-learn: exact with ties, unknown rows masked, undefined labels nan."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES, known_columns, made
from sklearn.metrics import average_precision_score

from longtail.evaluate import average_precision


@settings(max_examples=60, deadline=None)
@given(TARGETS_AND_SCORES)
def test_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    for found, (y, s) in zip(average_precision(*drawn), known_columns(*drawn), strict=True):
        if 0 < y.sum() < len(y):
            assert found == pytest.approx(average_precision_score(y, s), abs=1e-12)
        else:
            assert np.isnan(found)


def test_by_hand_with_a_tie() -> None:
    assert average_precision([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]) == pytest.approx([(1 + 2 / 3) / 2])


def test_one_label_and_more_than_a_block_of_them() -> None:
    target, score = made(3, 200, 37, 1000, 0.1)
    assert average_precision(target[:, 5], score[:, 5]).shape == (1,)
    each = [average_precision(target[:, c], score[:, c])[0] for c in range(37)]
    np.testing.assert_array_equal(average_precision(target, score), each)
    np.testing.assert_array_equal(average_precision(np.asfortranarray(target), np.asfortranarray(score)), each)


def test_order_alone_counts() -> None:
    target, score = made(1, 100, 4, 20, 0.0)
    np.testing.assert_array_equal(average_precision(target, score), average_precision(target, score * 6 - 3))
    assert average_precision([1, 0], [-0.0, 0.0]) == [0.5]  # zeros are equal whatever their sign


def test_nothing_given() -> None:
    assert np.isnan(average_precision(np.empty((0, 2)), np.empty((0, 2)))).all()
    assert average_precision(np.empty((3, 0)), np.empty((3, 0))).shape == (0,)
