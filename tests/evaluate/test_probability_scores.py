"""Brier score and log loss against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES, known_columns
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as reference_log_loss

from longtail.evaluate import brier, log_loss


@settings(max_examples=40, deadline=None)
@given(TARGETS_AND_SCORES)
def test_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    found = zip(brier(*drawn), log_loss(*drawn), known_columns(*drawn), strict=True)
    for squared, surprise, (y, s) in found:
        if not len(y):
            assert np.isnan([squared, surprise]).all()
            continue
        assert squared == pytest.approx(np.mean((s.astype(float) - y) ** 2), abs=1e-12)
        tiny = np.finfo(s.dtype).eps
        exact = np.clip(s, tiny, 1 - tiny).astype(float)  # scikit-learn rounds 1 - s to single precision otherwise
        assert surprise == pytest.approx(reference_log_loss(y, exact, labels=[0, 1]), rel=1e-9)
        if 0 < y.sum() < len(y):
            assert squared == pytest.approx(brier_score_loss(y, s), abs=1e-6)


def test_sure_and_wrong_is_finite() -> None:
    assert log_loss([1], [0.0])[0] == pytest.approx(-np.log(np.finfo(np.float64).eps))
