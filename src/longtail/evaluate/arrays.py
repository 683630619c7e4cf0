"""Targets and scores as every metric takes them: checked once, then label by label without the unknown rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_BLOCK = 16  # labels turned label-major at once: one cache line of float32 scores


def checked(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """States and finite scores, both `(N, C)`; one label may come as `(N,)`. The scores keep float32 or float64."""
    states, scores = _columns(_numbers(target, "target")), _columns(_numbers(score, "score"))
    if states.shape != scores.shape:
        raise UserError(f"targets have shape {states.shape} and scores {scores.shape}; give one score for each target.")
    if scores.dtype not in (np.float32, np.float64):
        scores = scores.astype(np.float32 if scores.dtype == np.float16 else np.float64)
    _require(np.isfinite(scores), scores, "score", "scores are finite numbers; mend them or leave the row out")
    _require_states(states)
    return states, scores


def checked_probabilities(target: npt.ArrayLike, score: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """As `checked`, and every score a probability."""
    states, scores = checked(target, score)
    _require((scores >= 0) & (scores <= 1), scores, "score", "this metric takes probabilities; for logits, apply the "
             "sigmoid first")  # fmt: skip
    return states, scores


def by_label(states: npt.NDArray[Any], scores: npt.NDArray[Any]) -> Iterator[tuple[npt.NDArray[Any], Booleans]]:
    """Per label its scores `(n,)` and which rows are positive `(n,)`, over the rows where it is known."""
    for start in range(0, states.shape[1], _BLOCK):
        block = slice(start, start + _BLOCK)
        score = np.ascontiguousarray(scores[:, block].T)
        positive = np.ascontiguousarray((part := states[:, block].T) == 1)
        known = np.ascontiguousarray(np.equal(part, part))
        complete = np.logical_and.reduce(known, axis=1)
        for i in range(len(score)):
            yield (score[i], positive[i]) if complete[i] else (score[i][known[i]], positive[i][known[i]])


def label_counts(target: npt.ArrayLike) -> tuple[Integers, Integers]:
    """Known positives and known negatives of each label, `(C,)` each."""
    states = _columns(_numbers(target, "target"))
    _require_states(states)
    positive, negative = np.asarray(states == 1), np.asarray(states == 0)
    return positive.sum(axis=0, dtype=np.int64), negative.sum(axis=0, dtype=np.int64)


def ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """`part / whole`, nan where whole is 0: undefined is not zero."""
    top, bottom = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    found = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=found, where=bottom != 0)
    return found


def _columns(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.ndim not in (1, 2):
        raise UserError(f"targets and scores have shape (N, C), or (N,) for one label; this one has {array.shape}.")
    return array[:, None] if array.ndim == 1 else array


def _numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "fiub":
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"the {what}s are not numbers ({array.dtype}); give an array of numbers.") from error


def _require_states(states: npt.NDArray[Any]) -> None:
    counted = sum(np.count_nonzero(part) for part in (states == 1, states == 0, states != states))
    if counted != states.size:
        valid: Booleans = np.asarray((states == 1) | (states == 0) | (states != states))
        _require(valid, states, "target", "a target is 1, 0 or nan (unknown)")


def _require(valid: npt.NDArray[Any], array: npt.NDArray[Any], what: str, rule: str) -> None:
    if valid.all():
        return
    row, column = np.argwhere(~valid)[0]
    raise UserError(f"the {what} in column {column}, row {row} (from 0) is {array[row, column]}; {rule}.")
