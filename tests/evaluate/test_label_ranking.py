"""LRAP, coverage error and ranking loss against scikit-learn, row by row where labels are unknown."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES, known_columns, made
from sklearn import metrics

from longtail.evaluate import (
    average_precision,
    coverage_error,
    label_ranking_average_precision,
    label_ranking_loss,
    lrap_columns,
)

PAIRS = {
    label_ranking_average_precision: metrics.label_ranking_average_precision_score,
    coverage_error: metrics.coverage_error,
    label_ranking_loss: metrics.label_ranking_loss,
}


def _of_row(reference: Callable[..., float], y: np.ndarray, s: np.ndarray) -> float:
    """scikit-learn on one row; it refuses a single label, which is perfectly ordered and covered by itself."""
    alone = {metrics.coverage_error: float(y[0]), metrics.label_ranking_average_precision_score: 1.0}
    return reference([y], [s]) if len(y) > 1 else alone.get(reference, 0.0)


@settings(max_examples=30, deadline=None)
@given(TARGETS_AND_SCORES)
def test_as_scikit_learn_on_the_known_labels_of_each_row(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    rows = [(y, s) for y, s in known_columns(drawn[0].T, drawn[1].T) if len(y)]
    for function, reference in PAIRS.items():
        expected = np.mean([_of_row(reference, y, s) for y, s in rows]) if rows else np.nan
        np.testing.assert_allclose(function(*drawn), expected, atol=1e-12)


def test_whole_matrix_over_more_rows_than_a_chunk() -> None:
    target, score = made(0, 9000, 6, 20, 0.0)
    for function, reference in PAIRS.items():
        assert function(target, score) == pytest.approx(reference(target.astype(int), score), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(TARGETS_AND_SCORES)
def test_columns_as_the_stage_training_paper_scored_them(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    for found, (y, s) in zip(lrap_columns(*drawn), known_columns(*drawn), strict=True):
        expected = metrics.label_ranking_average_precision_score([y], [s]) if len(y) else np.nan
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_columns_are_ap_but_for_empty_labels() -> None:
    target, score = made(2, 50, 4, 20, 0.1)
    target[:, 1] = 0
    found, ap = lrap_columns(target, score), average_precision(target, score)
    assert found[1] == 1.0
    assert np.isnan(ap[1])
    np.testing.assert_array_equal(np.delete(found, 1), np.delete(ap, 1))
