"""Metrics of one class per image against scikit-learn, on the known rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from longtail.errors import UserError
from longtail.evaluate import (
    accuracy,
    balanced_accuracy,
    class_f1,
    class_recall,
    confusion_matrix,
    kappa,
    macro_f1,
    matthews,
)


def made_classes(seed: int, rows: int, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Targets with unknown rows, scores, and the known rows' true and predicted classes."""
    rng = np.random.default_rng(seed)
    target = rng.integers(-1, classes, rows)
    score = rng.random((rows, classes)) + np.eye(classes)[np.maximum(target, 0)] * rng.choice([0, 0.3, 2])
    return target, score, target[target >= 0], score.argmax(axis=1)[target >= 0]


DRAWN = st.builds(made_classes, st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 5))


@settings(max_examples=50, deadline=None)
@given(DRAWN)
def test_as_scikit_learn(drawn: tuple[np.ndarray, ...]) -> None:
    target, score, true, predicted = drawn
    labels, present = np.arange(score.shape[1]), np.unique(true)
    if not len(true):
        assert np.isnan(accuracy(target, score))
        return
    expected = [[np.sum((true == a) & (predicted == b)) for b in labels] for a in labels]
    np.testing.assert_array_equal(confusion_matrix(target, score), expected)
    assert accuracy(target, score) == pytest.approx(metrics.accuracy_score(true, predicted))
    options = {"labels": present, "average": None, "zero_division": 0}
    for function, reference in ((class_recall, metrics.recall_score), (class_f1, metrics.f1_score)):
        found = function(target, score)
        np.testing.assert_allclose(found[present], reference(true, predicted, **options))
        assert np.isnan(np.delete(found, present)).all()
    recalls = metrics.recall_score(true, predicted, **options)
    assert balanced_accuracy(target, score) == (pytest.approx(recalls.mean()), len(present))
    assert macro_f1(target, score).value == pytest.approx(metrics.f1_score(true, predicted, **options).mean())


@settings(max_examples=50, deadline=None)
@given(DRAWN)
def test_correlation_and_kappa_as_scikit_learn(drawn: tuple[np.ndarray, ...]) -> None:
    target, score, true, predicted = drawn
    if len(np.unique(true)) < 2 or len(np.unique(predicted)) < 2:
        assert np.isnan(matthews(target, score))
        return
    assert matthews(target, score) == pytest.approx(metrics.matthews_corrcoef(true, predicted), abs=1e-9)
    labels = np.arange(score.shape[1])
    for ours, theirs in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        expected = metrics.cohen_kappa_score(true, predicted, labels=labels, weights=theirs)
        assert kappa(target, score, ours) == pytest.approx(expected, abs=1e-9)


def test_one_class_alone_is_undefined_not_zero() -> None:
    score = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert np.isnan([matthews([0, 0], score), kappa([0, 0], score)]).all()


def test_what_is_refused() -> None:
    with pytest.raises(UserError, match="unknown weights 'quadratc'.*Did you mean 'quadratic'"):
        kappa([0, 1], np.eye(2), "quadratc")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"row 1 \(from 0\) has class 2 and there are scores for 2 classes"):
        accuracy([0, 2], np.eye(2))
    with pytest.raises(UserError, match="whole numbers from 0"):
        accuracy([0.0, 1.0], np.eye(2))
    with pytest.raises(UserError, match="give classes"):
        accuracy([0, 1, 1], np.eye(2))
    with pytest.raises(UserError, match="column 1, row 0"):
        accuracy([0], [[0.1, np.nan]])
