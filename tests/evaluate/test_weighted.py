"""Weighted AP and AUROC against scikit-learn's `sample_weight` and against repeated rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import TARGETS_AND_SCORES
from sklearn.metrics import average_precision_score, roc_auc_score

from longtail.evaluate import auroc, average_precision
from longtail.evaluate.packing import packed
from longtail.evaluate.weighted import binned_labels, weighted_ap, weighted_auroc

PAIRS = [(weighted_ap, average_precision, average_precision_score), (weighted_auroc, auroc, roc_auc_score)]


@settings(max_examples=50, deadline=None)
@given(TARGETS_AND_SCORES, st.integers(0, 1000))
def test_as_scikit_learn_and_as_repeated_rows(drawn: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    target, score = drawn
    weights = np.random.default_rng(seed).integers(0, 4, (5, len(target)))
    labels = binned_labels(target, score)
    for function, plain, reference in PAIRS:
        for w in weights:
            repeated = plain(np.repeat(target, w, axis=0), np.repeat(score, w, axis=0))
            for c, label in enumerate(labels):
                found = np.nan if label is None else function(label, packed(w[None]))[0]
                np.testing.assert_allclose(found, repeated[c], atol=1e-12)
                if not np.isnan(found):
                    kept = (w > 0) & ~np.isnan(target[:, c])
                    expected = reference(target[kept, c], score[kept, c], sample_weight=w[kept])
                    assert found == pytest.approx(expected, abs=1e-12)


def test_all_weightings_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(0)
    target, score = rng.integers(0, 2, (300, 1)), rng.integers(0, 40, (300, 1)) / 40
    weights = rng.integers(0, 5, (11, 300))
    (label,) = binned_labels(target, score)
    assert label is not None
    for function in (weighted_ap, weighted_auroc):
        each = [function(label, packed(w[None]))[0] for w in weights]
        np.testing.assert_array_equal(function(label, packed(weights)), each)
