"""Curve points against scikit-learn, and what thinning may not lose."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import made
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from longtail.report.curve_points import pr_points, reliability_points, roc_points


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 40), st.sampled_from([3, 1000]), st.sampled_from([0.0, 0.3]))
def test_small_curves_are_those_of_scikit_learn(seed: int, rows: int, levels: int, unknown: float) -> None:
    target, score = (part[:, 0] for part in made(seed, rows, 1, levels, unknown))
    known = ~np.isnan(target)
    if len(np.unique(target[known])) < 2:
        assert not len(pr_points(target, score)[0])
        assert not len(roc_points(target, score)[1])
        return
    precision, recall, _ = precision_recall_curve(target[known], score[known])
    ours = pr_points(target, score)
    np.testing.assert_allclose(ours[0], recall[:-1][::-1])  # without scikit-learn's made-up last point
    np.testing.assert_allclose(ours[1], precision[:-1][::-1])
    theirs = roc_curve(target[known], score[known], drop_intermediate=False)
    np.testing.assert_allclose(roc_points(target, score), theirs[:2])


def test_long_curves_keep_their_ends_and_nearly_their_area() -> None:
    rng = np.random.default_rng(0)
    target = (rng.random(20_000) < 0.1).astype(float)
    score = target + rng.normal(size=20_000)
    x, y = roc_points(target, score)
    assert len(x) <= 60
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert abs(auc(x, y) - auc(*roc_curve(target, score)[:2])) < 0.005


def test_reliability_by_hand() -> None:
    found = reliability_points([1, 0, 1, np.nan, 0], [0.05, 0.1, 0.95, 0.5, 0.0], bins=10)
    np.testing.assert_allclose(found.said, [0.05, 0.95])
    np.testing.assert_allclose(found.found, [1 / 3, 1])
    assert found.rows.tolist() == [3, 1]
