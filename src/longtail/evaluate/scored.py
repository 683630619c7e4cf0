"""Every metric of a task in one call, each under the same resamples: what an evaluation's tables are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from longtail.evaluate.arrays import Booleans, Floats, Integers, ratio
from longtail.evaluate.confusion_sums import matrix_metrics
from longtail.evaluate.few import few_units, units_with
from longtail.evaluate.resampling import Weighing
from longtail.evaluate.sampled import Sampled
from longtail.evaluate.weighings import cells, ranking, sums

Task = Literal["multilabel", "singlelabel"]
_Index = npt.NDArray[np.intp] | None


@dataclass(frozen=True)
class Rows:
    """Truth and probabilities to be scored: states or classes, values `(N, C)`, each row's unit (None: itself)."""

    targets: npt.NDArray[Any]
    values: npt.NDArray[Any]
    index: _Index
    units: int

    @property
    def states(self) -> npt.NDArray[Any]:
        """`(N, C)` in {0, 1, nan} for either task."""
        if self.targets.ndim == 2:
            return self.targets
        same: npt.NDArray[np.bool_] = np.equal(self.targets[:, None], np.arange(self.values.shape[1]))
        states = same.astype(np.float32)
        states[self.targets < 0] = np.nan
        return states

    @cached_property
    def few(self) -> Booleans:
        """Labels `(C,)` with positives or negatives of too few units for an interval."""
        return few_units(self.states, self.index)

    @cached_property
    def positive_units(self) -> Integers:
        """How many units have each label, `(C,)`."""
        return units_with(np.equal(self.states, 1), self.index)

    def take(self, rows: npt.NDArray[Any]) -> "Rows":
        """Some of the rows; they keep their units, so that resamples stay the same."""
        index = rows if self.index is None else self.index[rows]
        return Rows(self.targets[rows], self.values[rows], index, self.units)


def weighings(rows: Rows, thresholds: Floats | None = None, only: str | None = None) -> dict[str, Weighing]:
    """What has to be resampled for the metrics of `scores`, or `only` one part of it."""
    states, values, index = rows.states, rows.values, rows.index

    def outcomes(threshold: Any) -> Weighing:
        return sums(_outcomes(states, values, threshold), index, rows.units)

    parts: dict[str, Callable[[], Weighing]] = {
        "ap": lambda: ranking(states, values, index, "ap"),
        "auroc": lambda: ranking(states, values, index, "auroc"),
        "losses": lambda: sums(_losses(states, values), index, rows.units),
    }
    if rows.targets.ndim == 1:
        parts["matrix"] = lambda: _matrix(rows)
        parts["classes"] = lambda: sums(_class_losses(rows), index, rows.units)
    else:
        parts["at_half"] = lambda: outcomes(0.5)
        if thresholds is not None:
            parts["chosen"] = lambda: outcomes(thresholds)
    return {name: make() for name, make in parts.items() if only in (None, name)}


def scores(found: dict[str, Sampled], labels: int) -> dict[str, Sampled]:
    """Per-label metrics `(C,)` and, for a single-label task, overall ones `(1,)`, from what was resampled."""
    done: dict[str, Sampled] = {name: found[name] for name in ("ap", "auroc") if name in found}
    for part, suffix in (("at_half", ""), ("chosen", "_chosen")):
        if part in found:
            done |= {f"{name}{suffix}": found[part].mapped(of) for name, of in _OF_OUTCOMES.items()}
    if "losses" in found:
        done |= {name: found["losses"].mapped(_share(i)) for i, name in enumerate(("brier", "log_loss"))}
    if "classes" in found:
        names = ("multiclass_brier", "multiclass_log_loss")
        done |= {name: found["classes"].mapped(_share(i)) for i, name in enumerate(names)}
    if "matrix" in found:
        done |= {name: found["matrix"].mapped(of) for name, of in matrix_metrics(labels).items()}
    return done


def _matrix(rows: Rows) -> Weighing:
    """Counts of true class by predicted class, and of unknown rows."""
    count = rows.values.shape[1]
    codes = np.where(rows.targets < 0, count * count, rows.targets * count + rows.values.argmax(axis=1))
    return cells(codes, count * count + 1, rows.index)


def _outcomes(states: npt.NDArray[Any], values: npt.NDArray[Any], threshold: Any) -> npt.NDArray[np.bool_]:
    """True and false positives, false and true negatives, `(N, 4 C)`."""
    decided, positive, negative = values >= threshold, states == 1, states == 0
    return np.hstack([decided & positive, decided & negative, ~decided & positive, ~decided & negative])


def _losses(states: npt.NDArray[Any], values: npt.NDArray[Any]) -> Floats:
    """Squared error, negative log-likelihood and one for each known cell, `(N, 3 C)`."""
    known = ~np.isnan(states)
    tiny = np.finfo(values.dtype).eps
    kept = np.clip(values, tiny, 1 - tiny).astype(np.float64)
    surprise = -np.log(np.where(states == 1, kept, 1 - kept))
    error = (values.astype(np.float64) - np.nan_to_num(states)) ** 2
    return np.hstack([np.where(known, error, 0), np.where(known, surprise, 0), known])


def _class_losses(rows: Rows) -> Floats:
    """Of each row whose class is known: squared error over all classes, surprise at the true one, and one; `(N, 3)`."""
    known, values = rows.targets >= 0, rows.values.astype(np.float64)
    true = np.where(known, rows.targets, 0)[:, None]
    hit = np.take_along_axis(values, true, axis=1)[:, 0]
    error = (values**2).sum(axis=1) - 2 * hit + 1
    surprise = -np.log(np.clip(hit, np.finfo(rows.values.dtype).eps, 1))
    return np.stack([np.where(known, error, 0), np.where(known, surprise, 0), known], axis=1)


def _share(part: int) -> Callable[[Floats], Floats]:
    def of(sums: Floats) -> Floats:
        thirds = np.split(sums, 3, axis=1)
        return ratio(thirds[part], thirds[2])

    return of


def _f1(sums: Floats) -> Floats:
    tp, fp, fn, _ = np.split(sums, 4, axis=1)
    return np.where(tp + fn > 0, ratio(2 * tp, 2 * tp + fp + fn), np.nan)


def _precision(sums: Floats) -> Floats:
    tp, fp, fn, _ = np.split(sums, 4, axis=1)
    return np.where(tp + fn > 0, ratio(tp, tp + fp), np.nan)


def _recall(sums: Floats) -> Floats:
    tp, _, fn, _ = np.split(sums, 4, axis=1)
    return ratio(tp, tp + fn)


def _specificity(sums: Floats) -> Floats:
    _, fp, _, tn = np.split(sums, 4, axis=1)
    return ratio(tn, tn + fp)


_OF_OUTCOMES = {"f1": _f1, "precision": _precision, "recall": _recall, "specificity": _specificity}
