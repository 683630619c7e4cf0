"""DeLong's test against its definition in loops, and against the bootstrap."""

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.evaluate import auroc, bootstrap, delong


def test_the_definition_in_loops() -> None:
    rng = np.random.default_rng(0)
    y = np.array([1] * 9 + [0] * 14)
    scores = rng.integers(0, 6, (2, 23)) / 5
    psi = [[[(a > b) + (a == b) / 2 for b in s[y == 0]] for a in s[y == 1]] for s in scores]
    tens, ones = np.mean(psi, axis=2), np.mean(psi, axis=1)  # V10 (2, 9) and V01 (2, 14)
    cov = np.cov(tens) / 9 + np.cov(ones) / 14
    error = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    found = delong(y, scores[0], scores[1])
    assert found.difference[0] == pytest.approx((auroc(y, scores[0]) - auroc(y, scores[1]))[0])
    assert found.error[0] == pytest.approx(error)


def test_the_bootstrap_agrees_on_independent_rows() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random((400, 1)) < 0.3).astype(float)
    a, b = (y * shift + rng.normal(size=(400, 1)) for shift in (1.0, 1.4))
    one, two = (bootstrap(y, s, "auroc", resamples=400).draws for s in (a, b))
    assert delong(y, a, b).error[0] == pytest.approx(np.std(one - two), rel=0.15)


def test_what_is_undefined_or_refused() -> None:
    y = np.array([[1, np.nan], [0, 0], [0, 0], [0, 0]])
    assert np.isnan(delong(y, np.zeros((4, 2)), np.ones((4, 2))).p).all()
    with pytest.raises(UserError, match="give one score for each"):
        delong([0, 1], [0.1, 0.2], [0.1, 0.2, 0.3])
