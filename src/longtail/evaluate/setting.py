"""What is evaluated on what: predictions put beside the manifest, the patients to resample, and the label groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.audit.label_groups import Boundaries, group_boundaries, label_groups
from longtail.data.grouping import group_values, grouping_column
from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name
from longtail.evaluate.arrays import Integers
from longtail.evaluate.resampling import group_index
from longtail.evaluate.scored import Rows
from longtail.predict.matching import align
from longtail.predict.predictions import LEVELS, Predictions


@dataclass(frozen=True, eq=False)
class Setting:
    """The rows of one evaluation: `rows` to be scored, `places` in the manifest, and what the labels are."""

    rows: Rows
    places: npt.NDArray[np.int64]
    labels: list[str]
    grouped_by: str
    train_counts: Integers
    groups: list[str]
    boundaries: Boundaries
    counted: str
    level: str


def setting(
    predictions: Predictions,
    manifest: Manifest,
    *,
    split: str | None = None,
    labels: Sequence[str] | None = None,
    level: str | None = None,
    group: str | None = None,
    head: int | None = None,
    tail: int | None = None,
    partial: bool = False,
) -> Setting:
    """Align, and find who is resampled: `group`'s values, else patients, lesions, studies, or each row alone."""
    predictions = at_level(predictions, manifest, level)
    aligned = align(predictions, manifest, split=split, labels=labels, partial=partial)
    column = grouping_column(manifest, group)
    alone = column == predictions.level or column == "image"
    index, units = group_index(None if alone else group_values(manifest, column)[aligned.rows], len(aligned.rows))
    names = list(labels) if labels is not None and manifest.task == "multilabel" else list(manifest.labels)
    counts, rows, counted = _training_counts(manifest, names)
    boundaries = group_boundaries(manifest.task, rows, head=head, tail=tail)
    return Setting(
        rows=Rows(aligned.targets, aligned.values, index, units),
        places=aligned.rows,
        labels=names,
        grouped_by=column if not alone else predictions.level,
        train_counts=counts,
        groups=label_groups(counts, head=boundaries.head, tail=boundaries.tail),
        boundaries=boundaries,
        counted=counted,
        level=predictions.level,
    )


def at_level(predictions: Predictions, manifest: Manifest, level: str | None) -> Predictions:
    """Predictions of studies as the mean over each study's images, where images are there and studies are asked for."""
    if level is None or level == predictions.level:
        return predictions
    if level not in LEVELS:
        raise unknown_name("level", level, LEVELS)
    if level == "image":
        raise UserError(f"{predictions.where} are of studies; images cannot be evaluated with them.")
    if not manifest.has("study"):
        raise UserError(
            "the manifest has no study column; write 'study: COLUMN' into the YAML beside it, or evaluate images."
        )
    images, studies = manifest.column("image"), manifest.column("study")
    study = pd.Series(np.where(studies == "", images, studies), index=images).reindex(predictions.keys)
    if study.isna().any():
        raise UserError(f"{predictions.where} has images that the manifest lacks, so their studies are not known.")
    means = pd.DataFrame(predictions.values).groupby(study.to_numpy(), sort=False).mean()
    ids = pd.DataFrame({"study": means.index.astype("str")}, dtype="str")
    values = means.to_numpy(dtype=np.float32)
    return Predictions(ids, predictions.labels, values, "study", predictions.facts, predictions.path)


def _training_counts(manifest: Manifest, labels: Sequence[str]) -> tuple[Integers, int, str]:
    """Each label's images in the training split, or in all rows where there is none."""
    train: Any = None
    if manifest.has("split") and (manifest.column("split") == "train").any():
        train = manifest.rows_of("train")
    counts = manifest.counts(train)[[manifest.labels.index(name) for name in labels]]
    rows = len(manifest) if train is None else len(train)
    return counts, rows, "the training split" if train is not None else "all images (there is no training split)"
