"""Whose the predictions are: studies, views and patients looked up in the manifest."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import Manifest
from longtail.data.roles import GROUP_ROLES
from longtail.errors import UserError
from longtail.predict.matching import resolved_keys
from longtail.predict.predictions import Predictions


def manifest_rows(predictions: Predictions, manifest: Manifest) -> npt.NDArray[np.int64]:
    """Each prediction's row of the manifest `(N,)`; images alone, and every one of them must be there."""
    if predictions.level != "image":
        raise UserError(f"{predictions.where} is of studies; give predictions of images.")
    images = manifest.table["image"].to_numpy(dtype=object)
    index = pd.Index(images)
    if index.has_duplicates:
        twice = index[index.duplicated()][0]
        raise UserError(f"'{manifest.path or 'the manifest'}' has the image '{twice}' in two rows; keep one of them.")
    rows = index.get_indexer(pd.Index(resolved_keys(predictions, images)))
    strange = np.flatnonzero(rows < 0)
    if len(strange):
        raise UserError(
            f"{len(strange):,} of {len(rows):,} rows of {predictions.where} are of no image of"
            f" '{manifest.path or 'the manifest'}' (first: row {strange[0] + 1}, '{predictions.keys[strange[0]]}'); use"
            " the manifest that they were made from."
        )
    return np.asarray(rows, dtype=np.int64)


def with_ids(predictions: Predictions, manifest: Manifest) -> Predictions:
    """The same predictions with the manifest's patient, study, view, source and split beside each image."""
    rows = manifest_rows(predictions, manifest)
    there = [name for name in GROUP_ROLES if manifest.has(name)]
    found = manifest.table[["image", *there]].iloc[rows].reset_index(drop=True)
    kept = [name for name in predictions.ids if name not in found]
    return replace(predictions, ids=pd.concat([found, predictions.ids[kept].reset_index(drop=True)], axis=1))


def ids_needed(predictions: Predictions, names: tuple[str, ...], manifest: Manifest | None, why: str) -> Predictions:
    """The predictions with the id columns `names`, out of the manifest where they lack one."""
    if manifest is not None and any(name not in predictions.ids for name in names):
        predictions = with_ids(predictions, manifest)
    for name in names:
        if name not in predictions.ids:
            place = f"neither {predictions.where} nor the manifest has" if manifest else f"{predictions.where} lack"
            raise UserError(f"{place} a column '{name}', which {why} needs; give a manifest that has it.")
    return predictions
