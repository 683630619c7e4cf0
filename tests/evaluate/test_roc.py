"""AUROC against scikit-learn: exact with ties, unknown rows masked, undefined labels nan."""

import numpy as np
import pytest
from hypothesis import given, settings
from made_scores import TARGETS_AND_SCORES, known_columns
from sklearn.metrics import roc_auc_score

from longtail.evaluate import auroc


@settings(max_examples=60, deadline=None)
@given(TARGETS_AND_SCORES)
def test_as_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    for found, (y, s) in zip(auroc(*drawn), known_columns(*drawn), strict=True):
        if 0 < y.sum() < len(y):
            assert found == pytest.approx(roc_auc_score(y, s), abs=1e-12)
        else:
            assert np.isnan(found)


def test_by_hand() -> None:
    assert auroc([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]) == pytest.approx([3.5 / 4])
    assert auroc([1, 0, np.nan], [0.1, 0.9, 0.0]) == [0.0]
