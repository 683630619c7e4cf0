"""What the metrics refuse, in one sentence that names the column; and what they take."""

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.evaluate import average_precision, brier
from longtail.evaluate.arrays import label_counts, ratio


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_are_finite(bad: float) -> None:
    score = np.zeros((3, 4))
    score[1, 2] = bad
    with pytest.raises(UserError, match=r"score in column 2, row 1 \(from 0\) is .*finite"):
        average_precision(np.ones((3, 4)), score)


def test_targets_are_states() -> None:
    with pytest.raises(UserError, match=r"target in column 1, row 0 \(from 0\) is -1.0; a target is 1, 0 or nan"):
        average_precision([[0, -1.0]], [[0.5, 0.5]])
    with pytest.raises(UserError, match="not numbers"):
        average_precision(["yes"], [0.5])


def test_shapes_match() -> None:
    with pytest.raises(UserError, match=r"targets have shape \(2, 1\) and scores \(3, 1\)"):
        average_precision([0, 1], [0.1, 0.2, 0.3])
    with pytest.raises(UserError, match=r"shape \(N, C\)"):
        average_precision(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))


def test_probabilities_where_they_are_needed() -> None:
    with pytest.raises(UserError, match=r"column 1, row 0 \(from 0\) is 2.3; .*for logits, apply the sigmoid"):
        brier([[0, 1]], [[0.5, 2.3]])


@pytest.mark.parametrize("kind", [bool, np.int8, np.float16, np.float32, object])
def test_number_types(kind: type) -> None:
    target, score = np.array([[1], [0], [1]]), np.array([[1], [1], [0]])
    assert average_precision(target.astype(kind), score.astype(kind)) == pytest.approx([(1 / 2 + 2 / 3) / 2])


def test_counts_are_of_known_rows() -> None:
    positives, negatives = label_counts([[1, np.nan], [0, np.nan], [1, 0]])
    assert (positives.tolist(), negatives.tolist()) == ([2, 0], [1, 1])


def test_zero_over_zero_is_undefined() -> None:
    np.testing.assert_array_equal(ratio([1, 0, 0], [2, 0, 3]), [0.5, np.nan, 0])
