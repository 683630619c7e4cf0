"""What an ensemble's members add: how alike they are, and what is lost without each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.evaluate.ap import average_precision
from longtail.evaluate.defined import macro
from longtail.predict.ensembles.members import Judge, Merged

Values = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Diversity:
    """Members side by side.

    `correlation` `(M, M)`: Spearman's, per label, averaged over the labels where both vary. `alone` `(M,)`: each one's
    mAP. `together`: the ensemble's; `gains` `(M,)`: what each member adds to it, that is `together` minus the mAP
    without it. `over`: labels that the means are over.
    """

    names: tuple[str, ...]
    correlation: npt.NDArray[np.float64]
    alone: npt.NDArray[np.float64]
    together: float
    gains: npt.NDArray[np.float64]
    over: int

    def rows(self) -> list[list[Any]]:
        """A row for each member: name, mAP alone, gain, mean correlation with the others."""
        members = len(self.names)
        others = (self.correlation.sum(axis=1) - 1) / max(members - 1, 1)
        found = zip(self.names, self.alone, self.gains, others, strict=True)
        return [[name, *map(float, numbers)] for name, *numbers in found]


def member_correlation(values: Values) -> npt.NDArray[np.float64]:
    """Spearman's correlation of members `(M, M)` from values `(M, N, C)`: the mean over labels where both vary."""
    found = np.full((values.shape[2], len(values), len(values)), np.nan)
    for label in range(values.shape[2]):
        ranks = pd.DataFrame(values[:, :, label].T).rank(method="average").to_numpy()
        centred = ranks - ranks.mean(axis=0)
        spread = np.sqrt((centred**2).sum(axis=0))
        scale = np.outer(spread, spread)
        np.divide(centred.T @ centred, scale, out=found[label], where=scale > 0)
    defined = ~np.isnan(found)
    total, count = np.where(defined, found, 0).sum(axis=0), defined.sum(axis=0)
    mean: npt.NDArray[np.float64] = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    np.fill_diagonal(mean, 1.0)
    return mean


def diversity(names: Sequence[str], judge: Judge, merge: Callable[[Values, Judge], Merged]) -> Diversity:
    """Correlation, mAP alone, together, and each member's leave-one-out gain, on the judge's rows."""
    values, targets = judge
    together = macro(average_precision(targets, merge(values, judge).values))
    without = [_without(i, judge, merge) for i in range(len(values))]
    alone = np.array([macro(average_precision(targets, each)).value for each in values])
    gains = np.array([together.value - each for each in without])
    return Diversity(tuple(names), member_correlation(values), alone, together.value, gains, together.over)


def _without(member: int, judge: Judge, merge: Callable[[Values, Judge], Merged]) -> float:
    if len(judge.values) == 1:
        return float("nan")
    rest = Judge(np.delete(judge.values, member, axis=0), judge.targets)
    return macro(average_precision(rest.targets, merge(rest.values, rest).values)).value
