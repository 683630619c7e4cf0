"""AP and AUROC of weighted rows against scikit-learn's `sample_weight`, ties, unknown rows and patients included."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import TARGETS_AND_SCORES, made
from sklearn.metrics import average_precision_score, roc_auc_score

from longtail.evaluate.packing import packed
from longtail.evaluate.weighted import RUN, ranked_labels, weighted_ap, weighted_auroc


def _agrees(target: Any, score: Any, weights: Any, index: Any, largest: int = 15) -> None:
    labels = ranked_labels(target, score, index, above=True, largest=largest)
    of_rows = weights if index is None else weights[:, index]
    for c, label in enumerate(labels):
        known = ~np.isnan(target[:, c])
        y, s = target[known, c], score[known, c]
        assert (label is None) == (len(set(y)) < 2)
        for r, w in enumerate(of_rows[:, known] if label is not None else []):
            found = weighted_ap(label, packed(weights))[r], weighted_auroc(label, packed(weights))[r]  # type: ignore[arg-type]
            if len({*y[w > 0]}) < 2:
                assert np.isnan(found).all()
                continue
            expected = average_precision_score(y, s, sample_weight=w), roc_auc_score(y, s, sample_weight=w)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(TARGETS_AND_SCORES, st.integers(0, 10**6), st.booleans())
def test_scikit_learns_sample_weight(drawn: tuple[Any, Any], seed: int, grouped: bool) -> None:
    rng = np.random.default_rng(seed)
    target, score = drawn
    units = 7 if grouped else len(target)
    index = rng.integers(0, units, len(target)) if grouped else None
    _agrees(target, score, rng.integers(0, 4, (3, units)), index)


def test_many_rows_and_the_largest_weights() -> None:
    target, score = made(0, 20_000, 2, 10_000, 0.1, np.float32)
    target[:, 1] = 0
    target[[5, 700], 1] = 1  # thousands of rows between two positives
    rng = np.random.default_rng(1)
    _agrees(target, score, rng.integers(0, 16, (2, 20_000)), None)
    _agrees(target[:, :1], score[:, :1], rng.integers(0, 256, (2, 20_000)), None, largest=255)
    assert RUN * 15 <= 255


def test_auroc_needs_its_ranks() -> None:
    label = ranked_labels(np.array([[1.0], [0.0]]), np.array([[0.2], [0.1]]), None, above=False)[0]
    with pytest.raises(ValueError, match="above=True"):
        weighted_auroc(label, packed(np.ones((1, 2), dtype=np.int64)))  # type: ignore[arg-type]
