"""Rules from images to studies: probabilities `(N, C)` of N images to `(S, C)` of S studies, in float64.

Averages over views are what CXR-LT teams used: CheXFusion (dongkyunk/CheXFusion, `callbacks/submit_callback.py`) weighs
images 7 (frontal), 3 (lateral) and 5 (else); the stage-training paper's authors in 2024
(yamagishi0824/cxrlt24-multiview-pp, `code/postprocess.py`) take the mean of each view group, then of the groups.
A study that lacks a view is the mean of those it has: weights always sum to 1 over what is there.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.predict.studies import STUDIES
from longtail.predict.studies.study_rows import Floats, StudyRows
from longtail.predict.view_groups import UnknownView, counted_as

Values = npt.NDArray[np.floating]


@STUDIES.register("mean")
def study_mean(values: Values, rows: StudyRows) -> Floats:
    """The mean of the study's images."""
    return _weighted(values, rows, np.ones(len(values)))


@STUDIES.register("max")
def study_max(values: Values, rows: StudyRows) -> Floats:
    """The highest probability of any image: a finding seen once is there."""
    found = np.full((rows.count, values.shape[1]), -np.inf)
    np.maximum.at(found, rows.study, values.astype(np.float64))
    return found


@STUDIES.register("noisy_or")
def study_noisy_or(values: Values, rows: StudyRows) -> Floats:
    """The chance that any image shows it, were images independent: 1 - product of (1 - p)."""
    absent = np.ones((rows.count, values.shape[1]))
    np.multiply.at(absent, rows.study, 1 - values.astype(np.float64))
    return np.asarray(1 - absent)


@STUDIES.register("view_groups", code="yamagishi0824/cxrlt24-multiview-pp")
def study_view_groups(values: Values, rows: StudyRows, *, unknown: UnknownView = "apart") -> Floats:
    """The mean of each view group (frontal, lateral, unknown), then the mean of the groups that the study has."""
    return study_view_weights(values, rows, frontal=1, lateral=1, unknown_weight=1, unknown=unknown)


@STUDIES.register("view_weights", code="dongkyunk/CheXFusion (per=image)")
def study_view_weights(
    values: Values,
    rows: StudyRows,
    *,
    frontal: float = 7,
    lateral: float = 3,
    unknown_weight: float = 5,
    unknown: UnknownView = "apart",
    per: Literal["group", "image"] = "group",
) -> Floats:
    """A weighted mean such as 7:3 of frontal and lateral, of the groups' means (`group`) or image by image (`image`).

    Views that are neither are a group of `unknown_weight`, or count as `unknown` says. A study whose weights are all 0
    is the plain mean of its images.
    """
    weights = np.array([frontal, lateral, unknown_weight], dtype=np.float64)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise UserError(f"view weights {frontal}:{lateral}:{unknown_weight} are no weights; give numbers from 0 up.")
    groups = StudyRows(rows.study * 3 + (view := counted_as(rows.view, unknown)), view)
    each = weights[view]
    if per == "group":
        each = each / np.bincount(groups.study)[groups.study]
    return _weighted(values, rows, each)


def _weighted(values: Values, rows: StudyRows, weights: Floats) -> Floats:
    """The weighted mean of each study; the plain one where its weights are all 0."""
    totals = rows.sums(weights)
    weights = np.where(totals[rows.study] > 0, weights, 1.0)
    return rows.sums(values * weights[:, None]) / rows.sums(weights)[:, None]
