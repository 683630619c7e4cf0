"""Top-k accuracy against scikit-learn, and against a loop where scores are equal."""

import numpy as np
import pytest
from sklearn.metrics import top_k_accuracy_score

from longtail.errors import UserError
from longtail.evaluate import accuracy, top_k_accuracy


@pytest.mark.parametrize("k", [1, 2, 3])
def test_as_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(k)
    target, score = rng.integers(-1, 5, 80), rng.random((80, 5))
    known = target >= 0
    expected = top_k_accuracy_score(target[known], score[known], k=k, labels=range(5))
    assert top_k_accuracy(target, score, k) == pytest.approx(expected)


def test_of_equals_the_first_is_higher() -> None:
    rng = np.random.default_rng(0)
    target, score = rng.integers(0, 5, 80), rng.integers(0, 3, (80, 5))
    assert top_k_accuracy(target, score, 1) == accuracy(target, score)
    best = [sorted(range(5), key=lambda c, row=row: (-row[c], c))[:2] for row in score.tolist()]
    hits = [y in two for y, two in zip(target, best, strict=True)]
    assert top_k_accuracy(target, score, 2) == np.mean(hits)


def test_ends() -> None:
    assert np.isnan(top_k_accuracy([-1], [[0.1, 0.2]], 1))
    assert top_k_accuracy([0], [[0.1, 0.2]]) == 1.0  # fewer classes than k
    with pytest.raises(UserError, match="k is 0"):
        top_k_accuracy([0], [[0.1, 0.2]], 0)
