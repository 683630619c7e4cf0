"""Threshold metrics against scikit-learn where it defines them."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES, known_columns, made
from sklearn.metrics import f1_score, precision_score, recall_score

from longtail.errors import UserError
from longtail.evaluate import f1, outcomes, precision, recall, specificity


@settings(max_examples=40, deadline=None)
@given(TARGETS_AND_SCORES)
def test_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    found = np.stack([f1(*drawn), precision(*drawn), recall(*drawn), specificity(*drawn)], axis=1)
    for values, (y, s) in zip(found, known_columns(*drawn), strict=True):
        np.testing.assert_allclose(values, _expected(y, s >= 0.5), atol=1e-12)


def _expected(y: np.ndarray, decided: np.ndarray) -> list[float]:
    tnr = recall_score(1 - y, ~decided, zero_division=np.nan) if len(y) else np.nan
    if not y.any():
        return [np.nan, np.nan, np.nan, tnr]
    scores = (f1_score, precision_score, recall_score)
    return [*(score(y, decided, zero_division=np.nan) for score in scores), tnr]


def test_undefined_is_not_zero_and_zero_is_not_undefined() -> None:
    target = np.array([[1, 0, np.nan], [0, 0, np.nan]])
    np.testing.assert_array_equal(f1(target, np.zeros((2, 3))), [0, np.nan, np.nan])  # missed, none there, unknown
    np.testing.assert_array_equal(precision(target, np.zeros((2, 3))), [np.nan] * 3)
    np.testing.assert_array_equal(specificity(target, np.ones((2, 3))), [0, 0, np.nan])


def test_a_threshold_for_each_label() -> None:
    target, score = made(0, 60, 3, 1000, 0.2)
    each = [f1(target[:, c], score[:, c], t)[0] for c, t in enumerate([0.2, 0.5, 0.8])]
    np.testing.assert_array_equal(f1(target, score, [0.2, 0.5, 0.8]), each)
    with pytest.raises(UserError, match="one number or one for each of 3 labels"):
        f1(target, score, [0.2, 0.5])
    with pytest.raises(UserError, match="threshold is nan"):
        f1(target, score, [0.2, 0.5, np.nan])


def test_outcomes_add_up_to_the_known_rows() -> None:
    target, score = made(0, 60, 3, 4, 0.2)
    np.testing.assert_array_equal(np.sum(outcomes(target, score), axis=0), (~np.isnan(target)).sum(axis=0))
    assert np.array(outcomes([1, 1, 0, 0, 0], [0.5, 0.4, 0.9, 0.1, 0.2])).ravel().tolist() == [1, 1, 1, 2]
