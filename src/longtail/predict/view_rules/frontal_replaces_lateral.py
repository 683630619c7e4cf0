"""Frontal replaces lateral: the post-processing of the stage-training paper (Yamagishi & Hanaoka 2023, section 3.4).

For labels whose validation AP (of one judging model) is higher on frontal than on lateral images: in a study that has
both, a lateral image's score becomes the mean of the study's frontal scores. Everything else stays as it is. No code
was published for it. Whether the frontal images of such a study take their mean too is not clear from the text ("in
cases where multiple frontal views were captured, we calculated the mean"): `frontal="mean"` does that.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.predict.predictions import Predictions
from longtail.predict.studies.study_rows import StudyRows, study_names, study_rows
from longtail.predict.view_groups import FRONTAL, LATERAL, UnknownView, view_groups
from longtail.predict.view_rules import VIEW_RULES
from longtail.predict.view_rules.view_choice import ViewChoice, ViewJudge, choose_views

Frontal = Literal["keep", "mean"]


class Viewed(NamedTuple):
    """Predictions after a view rule, and what the rule was chosen by."""

    predictions: Predictions
    choice: ViewChoice


@VIEW_RULES.register("frontal_replaces_lateral", paper="Yamagishi & Hanaoka 2023")
def frontal_replaces_lateral(
    predictions: Predictions,
    judge: ViewJudge | ViewChoice,
    *,
    judged_by: str | None = None,
    unknown: UnknownView = "lateral",
    frontal: Frontal = "keep",
) -> Viewed:
    """Lateral images take the mean of their study's frontal scores, for labels better judged from the front.

    `judge` holds the validation predictions of the stage `judged_by`, or a choice made before. `unknown` says what
    views that are neither count as (the paper: lateral). Predictions need the id columns study and view.
    """
    choice = judge if isinstance(judge, ViewChoice) else choose_views(judge, unknown=unknown, judged_by=judged_by)
    columns = _columns(predictions, choice.chosen)
    values = replaced(predictions.values, _rows_of(predictions, unknown), columns, frontal)
    facts = {"views": {"rule": "frontal_replaces_lateral", "unknown": unknown, "frontal": frontal, **choice.as_json()}}
    return Viewed(predictions.with_values(values, **facts), choice)


def replaced(
    values: npt.NDArray[np.float32], rows: StudyRows, columns: Sequence[int], frontal: Frontal = "keep"
) -> npt.NDArray[np.float32]:
    """Values `(N, C)` with the rule applied to some columns."""
    if frontal not in ("keep", "mean"):
        raise unknown_name("treatment of frontal images", frontal, ("keep", "mean"))
    front = rows.view == FRONTAL
    counts = rows.sums(np.ones(len(values)), front)
    both = (counts > 0) & (rows.sums(np.ones(len(values)), rows.view == LATERAL) > 0)
    means = rows.sums(values[:, columns], front) / np.maximum(counts, 1)[:, None]
    takes = both[rows.study] & ((rows.view == LATERAL) | ((frontal == "mean") & front))
    found = values.copy()
    found[np.ix_(takes, columns)] = means[rows.study[takes]]
    return found


def _rows_of(predictions: Predictions, unknown: UnknownView) -> StudyRows:
    for name in ("study", "view"):
        if name not in predictions.ids:
            raise UserError(
                f"{predictions.where} lack the column '{name}', which frontal_replaces_lateral needs; give a manifest"
                " that has it."
            )
    return study_rows(study_names(predictions), view_groups(predictions.ids["view"], unknown))


def _columns(predictions: Predictions, chosen: Sequence[str]) -> list[int]:
    for name in chosen:
        if name not in predictions.labels:
            raise unknown_name("label", name, predictions.labels, f"{predictions.where} (chosen by the view rule)")
    return [predictions.labels.index(name) for name in chosen]
