"""Calibration of probabilities on validation data: maps per label that keep their order, as plain numbers.

`temperature`: one for all labels (Guo et al., ICML 2017, github.com/gpleiss/temperature_scaling). `platt`: a slope and
an offset on each label's logit, with smoothed targets (Platt 1999). `beta`: Kull, Silva Filho & Flach, AISTATS 2017
(github.com/betacal). `isotonic`: a rising staircase (Zadrozny & Elkan 2002), for labels with many positives.
A label that lacks positives or negatives stays as it is.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, softmax

from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Booleans, Floats, by_label, checked_probabilities
from longtail.evaluate.classes import checked_classes

Method = Literal["temperature", "platt", "isotonic", "beta"]
Map = dict[str, Any]  # one label's numbers: {"temperature": 1.3}, {"slope": 1, "offset": 0}, ...; empty: as it is

_EDGE = 1e-7  # probabilities of 0 and 1 have no logit


def fit_calibration(target: npt.ArrayLike, score: npt.ArrayLike, method: Method = "platt") -> list[Map]:
    """A map for each of C labels, from states `(N, C)`, or classes `(N,)` of one per image, and probabilities."""
    if method not in get_args(Method):
        raise unknown_name("calibration", method, get_args(Method))
    targets, scores = np.asarray(target), np.asarray(score)
    if targets.ndim == 1 and scores.ndim == 2:
        classes, kept = checked_classes(targets, scores)
        if method == "temperature":
            return [{"temperature": _softmax_temperature(classes, kept)}] * scores.shape[1]
        targets, scores = (classes[:, None] == np.arange(scores.shape[1])).astype(np.float32), kept
    states, scores = checked_probabilities(targets, scores)
    if method == "temperature":
        return [{"temperature": _temperature(states, scores)}] * scores.shape[1]
    fit = {"platt": _platt, "beta": _beta, "isotonic": _isotonic}[method]
    return [_of_label(s.astype(np.float64), p, fit) for s, p in by_label(states, scores)]


def calibrate(score: npt.ArrayLike, maps: Sequence[Map], *, one_class: bool = False) -> npt.NDArray[np.float32]:
    """Calibrated probabilities `(N, C)`; with `one_class` those of an image sum to 1."""
    scores = np.asarray(score, dtype=np.float64)
    if scores.ndim != 2 or scores.shape[1] != len(maps):
        raise UserError(f"probabilities have shape {scores.shape} and there are maps for {len(maps)} labels.")
    if one_class and len(maps) and "temperature" in maps[0]:
        return softmax(np.log(scores.clip(_EDGE)) / maps[0]["temperature"], axis=1).astype(np.float32)  # type: ignore[no-any-return]
    found = np.stack([_mapped(scores[:, i], each) for i, each in enumerate(maps)], axis=1)
    if one_class:
        found /= np.maximum(found.sum(axis=1, keepdims=True), _EDGE)
    return found.clip(0, 1).astype(np.float32)


def _mapped(score: Floats, numbers: Map) -> Floats:
    if "temperature" in numbers:
        found = expit(_logit(score) / numbers["temperature"])
    elif "slope" in numbers:
        found = expit(numbers["slope"] * _logit(score) + numbers["offset"])
    elif "a" in numbers:
        p = score.clip(_EDGE, 1 - _EDGE)
        found = expit(numbers["a"] * np.log(p) - numbers["b"] * np.log1p(-p) + numbers["c"])
    elif "from" in numbers:
        found = np.interp(score, numbers["from"], numbers["to"])
    else:
        found = score
    return np.asarray(found, dtype=np.float64)


def _of_label(score: Floats, positive: Booleans, fit: Callable[[Floats, Booleans], Map]) -> Map:
    return {} if positive.all() or not positive.any() else fit(score, positive)


def _platt(score: Floats, positive: Booleans) -> Map:
    slope, offset = _logistic(_logit(score)[:, None], positive, [1.0])
    return {"slope": slope, "offset": offset}


def _beta(score: Floats, positive: Booleans) -> Map:
    p = score.clip(_EDGE, 1 - _EDGE)
    a, b, c = _logistic(np.stack([np.log(p), -np.log1p(-p)], axis=1), positive, [1.0, 1.0])
    return {"a": a, "b": b, "c": c}


def _logistic(x: Floats, positive: Booleans, start: list[float]) -> list[float]:
    """Weights (none negative, so that order is kept) and offset of a logistic regression on Platt's targets."""
    hits, misses = int(positive.sum()), int((~positive).sum())
    y = np.where(positive, (hits + 1) / (hits + 2), 1 / (misses + 2))

    def loss(w: Floats) -> tuple[float, Floats]:
        z = x @ w[:-1] + w[-1]
        apart = (expit(z) - y) / len(y)
        return float(np.mean(np.logaddexp(0, z) - y * z)), np.append(x.T @ apart, apart.sum())

    bounds = [(0.0, None)] * x.shape[1] + [(None, None)]
    from scipy.optimize import minimize  # fitting alone pays for its import

    found = minimize(loss, np.array([*start, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-12)
    return [float(w) for w in found.x]


def _isotonic(score: Floats, positive: Booleans) -> Map:
    from sklearn.isotonic import IsotonicRegression  # its import takes a second

    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, positive.astype(np.float64))
    return {"from": model.X_thresholds_.tolist(), "to": model.y_thresholds_.tolist()}


def _temperature(states: npt.NDArray[Any], scores: npt.NDArray[Any]) -> float:
    known = ~np.isnan(states.astype(np.float64))
    z, y = _logit(scores[known].astype(np.float64)), states[known].astype(np.float64)
    return _best(lambda t: float(np.mean(np.logaddexp(0, z / t) - y * z / t))) if len(z) else 1.0


def _softmax_temperature(classes: npt.NDArray[np.int64], scores: npt.NDArray[Any]) -> float:
    z = np.log(scores.astype(np.float64).clip(_EDGE))
    rows = np.arange(len(classes))

    def loss(t: float) -> float:
        top = (z / t).max(axis=1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(z / t - top).sum(axis=1))
        return float(np.mean(norm - z[rows, classes] / t))

    return _best(loss) if len(classes) else 1.0


def _best(loss: Callable[[float], float]) -> float:
    """The temperature from 1/100 to 100 with the least loss."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda u: loss(float(np.exp(u))), bounds=(-4.6, 4.6), method="bounded")
    return float(np.exp(found.x))


def _logit(score: Floats) -> Floats:
    return np.asarray(logit(score.clip(_EDGE, 1 - _EDGE)), dtype=np.float64)
