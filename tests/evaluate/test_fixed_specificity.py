"""Sensitivity at fixed specificity against scikit-learn's ROC curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import TARGETS_AND_SCORES, known_columns
from sklearn.metrics import roc_curve

from longtail.errors import UserError
from longtail.evaluate import sensitivity_at_specificity


@settings(max_examples=50, deadline=None)
@given(TARGETS_AND_SCORES, st.sampled_from([0.0, 0.5, 0.8, 0.9, 0.95, 1.0]))
def test_best_point_of_the_curve(drawn: tuple[np.ndarray, np.ndarray], wanted: float) -> None:
    found = sensitivity_at_specificity(*drawn, wanted)
    for value, (y, s) in zip(found, known_columns(*drawn), strict=True):
        if 0 < y.sum() < len(y):
            false, true, _ = roc_curve(y, s, drop_intermediate=False)
            assert value == pytest.approx(true[1 - false >= wanted - 1e-12].max())
        else:
            assert np.isnan(value)


def test_a_fraction_is_asked_for() -> None:
    with pytest.raises(UserError, match=r"specificity 95 is not in \[0, 1\]"):
        sensitivity_at_specificity([0, 1], [0, 1], 95)
