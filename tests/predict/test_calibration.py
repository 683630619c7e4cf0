"""Calibration: finds the distortion that was made, keeps the order, and agrees with scikit-learn."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.isotonic import IsotonicRegression

from longtail.errors import UserError
from longtail.evaluate import expected_calibration_error, log_loss
from longtail.predict.calibration import calibrate, fit_calibration

METHODS = ["temperature", "platt", "isotonic", "beta"]


def _made(seed: int = 0, rows: int = 4000) -> tuple[Any, Any]:
    """Targets drawn from true probabilities, and these."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(size=(rows, 2)) * 1.5 - [0, 2])
    return (rng.random(p.shape) < p).astype(float), p


def test_the_distortion_is_found() -> None:
    y, p = _made()
    sharp = expit(logit(p) * 3)
    assert fit_calibration(y, sharp, "temperature")[1]["temperature"] == pytest.approx(3, rel=0.1)
    moved = expit(logit(p) * 2 + 1)
    maps = fit_calibration(y, moved, "platt")
    assert [maps[1]["slope"], maps[1]["offset"]] == pytest.approx([0.5, -0.5], abs=0.15)
    beta = fit_calibration(y, p, "beta")
    assert [beta[0]["a"], beta[0]["b"], beta[0]["c"]] == pytest.approx([1, 1, 0], abs=0.15)


@pytest.mark.parametrize("method", METHODS)
def test_new_rows_are_better_calibrated_in_the_same_order(method: Any) -> None:
    y, p = _made(1)
    new_y, new_p = _made(2)
    maps = json.loads(json.dumps(fit_calibration(y, expit(logit(p) * 3), method)))
    before = expit(logit(new_p) * 3)
    after = calibrate(before, maps)
    assert after.dtype == np.float32
    for metric in (expected_calibration_error, log_loss):
        assert (metric(new_y, after) < metric(new_y, before)).all()
    order = before[:, 0].argsort()
    assert (np.diff(after[order, 0].astype(float)) >= 0).all()


def test_isotonic_is_scikit_learns() -> None:
    y, p = _made(3, 300)
    found = calibrate(p, fit_calibration(y, p, "isotonic"))[:, 0]
    expected = IsotonicRegression(out_of_bounds="clip").fit(p[:, 0], y[:, 0]).predict(p[:, 0])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_one_class_per_image() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3000, 4)) * 1.5
    classes = (softmax(z, axis=1).cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1)
    maps = fit_calibration(classes, softmax(z * 2, axis=1), "temperature")
    assert maps[0]["temperature"] == pytest.approx(2, rel=0.1)
    for method in METHODS:
        maps = fit_calibration(classes, softmax(z * 2, axis=1), method)  # type: ignore[arg-type]
        after = calibrate(softmax(z * 2, axis=1), maps, one_class=True)
        np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-5)


def test_unknown_rows_and_labels_that_cannot_be_fitted() -> None:
    y = np.array([[1, 0], [0, 0], [np.nan, 0], [1, 0], [0, 0]])
    p = np.array([[0.9, 0.1], [0.2, 0.3], [0.5, 0.4], [0.7, 0.2], [0.1, 1.0]])
    for method in METHODS[1:]:
        maps = fit_calibration(y, p, method)  # type: ignore[arg-type]
        assert maps[1] == {}
        np.testing.assert_allclose(calibrate(p, maps)[:, 1], p[:, 1], atol=1e-6)
    with pytest.raises(UserError, match="unknown calibration 'plat'"):
        fit_calibration(y, p, "plat")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="maps for 1 labels"):
        calibrate(p, [{}])
