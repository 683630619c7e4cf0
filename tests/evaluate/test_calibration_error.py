"""The three calibration errors against explicit loops over rows and bins, and that they are three."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import TARGETS_AND_SCORES, known_columns

from longtail.errors import UserError
from longtail.evaluate import ece_cxrlt_style, ece_top_class, ece_top_label, expected_calibration_error


def _loops(confidence: list[float], right: list[bool], bins: int) -> float:
    total = 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = [i for i, c in enumerate(confidence) if low < c <= high or (b == 0 and c == 0)]
        if inside:
            gap = np.mean([confidence[i] for i in inside]) - np.mean([right[i] for i in inside])
            total += len(inside) / len(confidence) * abs(gap)
    return total


PAIRS: dict[Callable, Callable] = {
    expected_calibration_error: lambda p, y: (p, y == 1),
    ece_cxrlt_style: lambda p, y: (p, (p >= 0.5) == (y == 1)),
    ece_top_label: lambda p, y: (max(p, 1 - p), (p >= 0.5) == (y == 1)),
}


@settings(max_examples=30, deadline=None)
@given(TARGETS_AND_SCORES, st.sampled_from([1, 7, 15]))
def test_as_loops(drawn: tuple[np.ndarray, np.ndarray], bins: int) -> None:
    scores = drawn[1].astype(np.float64) * 0.98 + 0.001  # off the edges, where rounding decides
    for function, pair in PAIRS.items():
        found = function(drawn[0], scores, bins)
        for value, (y, p) in zip(found, known_columns(drawn[0], scores), strict=True):
            pairs = [pair(float(p[i]), y[i]) for i in range(len(y))]
            expected = _loops([c for c, _ in pairs], [r for _, r in pairs], bins) if pairs else np.nan
            np.testing.assert_allclose(value, expected, atol=1e-12)


def test_edges_belong_to_the_bin_below() -> None:
    assert expected_calibration_error([1, 0], [0.5, 0.6], 2) == pytest.approx([0.5 * 0.5 + 0.5 * 0.6])
    assert expected_calibration_error([0, 1], [0.0, 1.0]) == [0]


def test_a_calibrated_model_on_the_three() -> None:
    """Rare labels, calibrated: small, about .7 (the scale of the CXR-LT board) and small; none replaces another."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 6, (20_000, 10))
    y = (rng.random(p.shape) < p).astype(float)
    assert expected_calibration_error(y, p).max() < 0.02
    assert ece_top_label(y, p).max() < 0.02
    assert ece_cxrlt_style(y, p).min() > 0.6


def test_top_class_as_loops() -> None:
    rng = np.random.default_rng(0)
    p, y = rng.dirichlet([0.5] * 4, 200), rng.integers(-1, 4, 200)
    rows = [i for i in range(200) if y[i] >= 0]
    right = [bool(np.argmax(p[i]) == y[i]) for i in rows]
    assert ece_top_class(y, p) == pytest.approx(_loops([float(max(p[i])) for i in rows], right, 15))
    with pytest.raises(UserError, match="softmax"):
        ece_top_class(y, p * 5)


def test_bins() -> None:
    with pytest.raises(UserError, match="0 bins"):
        expected_calibration_error([1], [0.5], 0)
