"""Merges that need no validation: means of probabilities, of logits, of logarithms and of ranks, and the median."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.ensembles.members import Judge, Merged

Values = npt.NDArray[np.floating]
_LEAST = 1e-7  # float32 probabilities of 0 and 1 have no logarithm


@ENSEMBLES.register("mean")
def mean_merge(values: Values, judge: Judge | None = None) -> Merged:  # noqa: ARG001
    """The mean of the members' probabilities."""
    return Merged(values.mean(axis=0, dtype=np.float64))


@ENSEMBLES.register("median")
def median_merge(values: Values, judge: Judge | None = None) -> Merged:  # noqa: ARG001
    """The median of the members' probabilities: one wild member changes nothing."""
    return Merged(np.median(values.astype(np.float64), axis=0))


@ENSEMBLES.register("geometric")
def geometric_merge(values: Values, judge: Judge | None = None) -> Merged:  # noqa: ARG001
    """The geometric mean of the members' probabilities: low as soon as one member is."""
    return Merged(np.exp(np.log(values.clip(_LEAST, 1).astype(np.float64)).mean(axis=0)))


@ENSEMBLES.register("logit_mean")
def logit_merge(values: Values, judge: Judge | None = None) -> Merged:  # noqa: ARG001
    """The sigmoid of the mean of the members' logits."""
    inside = values.astype(np.float64).clip(_LEAST, 1 - _LEAST)
    return Merged(1 / (1 + np.exp(-np.log(inside / (1 - inside)).mean(axis=0))))


@ENSEMBLES.register("rank_mean")
def rank_merge(values: Values, judge: Judge | None = None) -> Merged:  # noqa: ARG001
    """The mean of each row's rank within its member and label, in (0, 1): for members on different scales.

    It orders rows and is no probability: it depends on which rows are predicted together. Ties share their mean rank.
    """
    members, rows, labels = values.shape
    flat = pd.DataFrame(values.transpose(1, 0, 2).reshape(rows, members * labels))
    ranks = (flat.rank(method="average").to_numpy() - 0.5) / rows
    return Merged(ranks.reshape(rows, members, labels).mean(axis=1))
