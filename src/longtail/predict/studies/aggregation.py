"""Predictions of images to predictions of studies, or back onto every image of the study."""

from typing import Any

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest
from longtail.predict.identity import ids_needed
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.simplex import as_distribution
from longtail.predict.studies import STUDIES
from longtail.predict.studies.study_rows import StudyRows, study_names, study_rows
from longtail.predict.view_groups import FRONTAL, LATERAL, UNKNOWN, view_groups

_IDS = ("patient", "source", "split")  # what a study shares with its images


def to_studies(
    predictions: Predictions, rule: Any = "mean", *, manifest: Manifest | None = None, keep_images: bool = False
) -> Predictions:
    """One row for each study by `rule` (of `STUDIES`), in order of appearance; an image without a study is its own.

    `manifest` gives studies and views where the predictions lack them. `keep_images`: every image keeps its row and
    gets its study's values, as challenges ask for. How many studies had which views is written to `facts["study"]`.
    """
    part = bound(STUDIES, rule)
    predictions = ids_needed(predictions, ("study",), manifest, "the study rule")
    if "view" in part.function.__name__:
        predictions = ids_needed(predictions, ("view",), manifest, f"the study rule '{part.name}'")
    names = study_names(predictions)
    rows = study_rows(names, view_groups(predictions.ids["view"]) if "view" in predictions.ids else None)
    values = as_distribution(part(predictions.values, rows), predictions.facts.get("task"))
    facts = {"study": {"rule": part.said, **_view_counts(rows)}}
    if keep_images:
        return predictions.with_values(values[rows.study], **facts)
    first = np.unique(rows.study, return_index=True)[1]
    ids = pd.DataFrame({"study": names.iloc[first]}).assign(
        **{name: predictions.ids[name].iloc[first] for name in _IDS if name in predictions.ids}
    )
    return Predictions(
        ids.reset_index(drop=True),
        predictions.labels,
        values.astype(np.float32),
        "study",
        {**predictions.facts, **facts},
        predictions.path,
    )


def _view_counts(rows: StudyRows) -> dict[str, int]:
    """How many studies have frontal and lateral images, or only some of them: what a view rule had to work with."""
    has = np.zeros((rows.count, 3), dtype=bool)
    has[rows.study, rows.view] = True
    front, side = has[:, FRONTAL], has[:, LATERAL]
    counts = {
        "studies": rows.count,
        "frontal_and_lateral": (front & side).sum(),
        "only_frontal": (front & ~side).sum(),
        "only_lateral": (side & ~front).sum(),
        "only_unknown_views": (~front & ~side).sum(),
        "some_unknown_views": has[:, UNKNOWN].sum(),
    }
    return {name: int(count) for name, count in counts.items()}
