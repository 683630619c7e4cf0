"""Predictions beside the truth: which row of a predictions file is which image or study of the manifest.

Ids must agree both ways; what is lacking on either side is an error, unless the rows that both have are asked for.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.errors import UserError, nearest, unknown_name
from longtail.predict.predictions import Predictions

_Rows = npt.NDArray[np.int64]


class Aligned(NamedTuple):
    """Truth and probabilities of the same images (or studies), in the manifest's order.

    `targets`: `(n, C)` float32 in {0, 1, nan}, or classes `(n,)` (-1 unknown) for a single-label manifest; `values`
    `(n, C)`; `rows` `(n,)`: each one's row of the manifest (of a study: its first).
    """

    targets: npt.NDArray[Any]
    values: npt.NDArray[np.float32]
    rows: _Rows


def align(
    predictions: Predictions,
    manifest: Manifest,
    *,
    split: str | None = None,
    labels: Sequence[str] | None = None,
    partial: bool = False,
) -> Aligned:
    """Targets, values and manifest rows of the predictions.

    `split` takes these rows alone (default: those splits that the predictions are of). `labels` takes some labels, in
    that order (default: the manifest's). `partial` takes the rows that both have, where that is not all.
    """
    columns, wanted = _columns(predictions, manifest, labels)
    keys = _keys(manifest, predictions.level)
    theirs = resolved_keys(predictions, keys)
    rows = _expected(manifest, keys, theirs, split)
    place = pd.Series(np.arange(len(theirs)), index=theirs)
    first = _first_rows(keys, rows, predictions.level, manifest)
    found = place.reindex(keys[first]).to_numpy(dtype=np.float64)
    _require_both_ways(predictions, manifest, keys, theirs, first, found, split, partial)
    kept = first[~np.isnan(found)]
    values = predictions.values[found[~np.isnan(found)].astype(np.int64)][:, columns]
    return Aligned(_targets(manifest, keys, kept, rows, predictions.level, wanted), values, kept)


def require_studies(manifest: Manifest, rows: _Rows) -> None:
    """Refuse studies of these rows that predictions of studies could not be compared with, before any are made."""
    keys = _keys(manifest, "study")
    kept = _first_rows(keys, rows, "study", manifest)
    _targets(manifest, keys, kept, rows, "study", np.arange(len(manifest.labels)))


def _columns(predictions: Predictions, manifest: Manifest, labels: Sequence[str] | None) -> tuple[_Rows, _Rows]:
    """Where the wanted labels stand, in the predictions and in the manifest."""
    names = list(labels) if labels is not None else list(manifest.labels)
    if manifest.task == "singlelabel" and sorted(names) != sorted(manifest.labels):
        raise UserError("a single-label task is evaluated over all of its classes; leave out --labels.")
    for name in names:
        if name not in manifest.labels:
            raise unknown_name("label", name, manifest.labels, _name(manifest))
    if missing := [name for name in names if name not in predictions.labels]:
        raise missing_label(missing, predictions.labels, predictions.where)
    if manifest.task == "singlelabel":
        names = list(manifest.labels)  # targets are indices in this order
    both = ([list(where).index(n) for n in names] for where in (predictions.labels, manifest.labels))
    theirs, ours = (np.array(places, dtype=np.int64) for places in both)
    return theirs, ours


def missing_label(missing: Sequence[str], there: Sequence[str], where: str) -> UserError:
    """The error for labels that have no column, with the nearest column's name."""
    guess = nearest(missing[0], there)
    more = f" (and {len(missing) - 1} more labels)" if len(missing) > 1 else ""
    hint = f"rename '{guess}'" if guess else "add it"
    return UserError(
        f"{where} has no column for the label '{missing[0]}'{more}; {hint}, or evaluate and compare fewer labels with"
        " --labels A,B."
    )


def _keys(manifest: Manifest, level: str) -> npt.NDArray[Any]:
    """Each manifest row's image, or its study (its image where it has none), `(N,)` text."""
    images = manifest.table["image"].to_numpy(dtype=object)
    if level == "image":
        return images
    if not manifest.has("study"):
        raise UserError(
            f"the predictions are of studies but {_name(manifest)} has no study column; write 'study: COLUMN' into the"
            " YAML beside it."
        )
    studies = manifest.column("study")
    return np.where(studies == "", images, studies)


def resolved_keys(predictions: Predictions, keys: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The predictions' ids as the manifest writes them: exactly, else by file name, else by its stem."""
    theirs = predictions.keys
    if predictions.level == "study" or pd.Index(keys).intersection(pd.Index(theirs)).size:
        return theirs
    for short in (_file_name, _stem):
        table = pd.Series(keys, index=[short(key) for key in keys])
        mine = pd.Index([short(key) for key in theirs])
        if table.index.is_unique and mine.is_unique and len(mine.intersection(table.index)):
            return np.where((full := table.reindex(mine)).isna(), theirs, full).astype(object)
    return theirs


def _file_name(key: str) -> str:
    return PurePosixPath(key.replace("\\", "/")).name


def _stem(key: str) -> str:
    return PurePosixPath(key.replace("\\", "/")).stem


def _expected(manifest: Manifest, keys: npt.NDArray[Any], theirs: npt.NDArray[Any], split: str | None) -> _Rows:
    """The manifest's rows that should have predictions: of the split, else of the splits that some belong to."""
    if split is not None:
        return manifest.rows_of(split)
    if not manifest.has("split"):
        return np.arange(len(manifest))
    splits = pd.Series(manifest.column("split"))
    touched = splits[pd.Series(keys).isin(theirs)].unique()
    return np.flatnonzero(splits.isin(touched) if len(touched) else np.ones(len(splits), dtype=bool))


def _first_rows(keys: npt.NDArray[Any], rows: _Rows, level: str, manifest: Manifest) -> _Rows:
    """The first of the rows of each image or study."""
    chosen = pd.Series(keys[rows])
    again = chosen.duplicated().to_numpy()
    if level == "image" and again.any():
        raise UserError(f"{_name(manifest)} has the image '{chosen[again].iloc[0]}' in two rows; keep one of them.")
    if level == "study" and manifest.has("patient"):
        pairs = pd.DataFrame({"study": chosen, "patient": manifest.column("patient")[rows]}).drop_duplicates()
        twice = pairs["study"].duplicated()
        if twice.any():
            raise UserError(
                f"the study '{pairs['study'][twice].iloc[0]}' of {_name(manifest)} belongs to two patients; give each"
                " study an id of its own."
            )
    return np.asarray(rows[~again], dtype=np.int64)


def _require_both_ways(
    predictions: Predictions,
    manifest: Manifest,
    keys: npt.NDArray[Any],
    theirs: npt.NDArray[Any],
    first: _Rows,
    found: npt.NDArray[np.float64],
    split: str | None,
    partial: bool,
) -> None:
    what, where = predictions.level, predictions.where
    lacking = first[np.isnan(found)]
    strange = np.flatnonzero(~pd.Series(theirs).isin(keys))
    if len(lacking) == len(first):
        if split is not None and (others := _splits_of(manifest, keys, theirs)):
            raise UserError(
                f"{where} are of the split {others} of {_name(manifest)} and not of '{split}'; predict that one"
                f" (longtail predict --split {split}), or name the split that they are of."
            )
        raise UserError(
            f"none of the {len(theirs):,} {what} ids of {where} (such as '{theirs[0]}') is in {_name(manifest)}"
            f"{_of(split)} (such as '{keys[first[0]] if len(first) else ''}'); name the id column with --id, or use the"
            " manifest that they were made from."
        )
    if len(strange) and not partial:
        raise UserError(
            f"{len(strange):,} of {len(theirs):,} rows of {where} are of no {what} of {_name(manifest)} (first: row"
            f" {strange[0] + 1}, '{theirs[strange[0]]}'); add --partial to evaluate the rows that both have."
        )
    if len(lacking) and not partial:
        raise UserError(
            f"{where} lacks {len(lacking):,} of the {len(first):,} {what} ids of {_name(manifest)}{_of(split)} (first:"
            f" '{keys[lacking[0]]}'); predict these too, or add --partial to evaluate the rows that both have."
        )


def _splits_of(manifest: Manifest, keys: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> str:
    """The splits that predictions are of, in words; empty where no row is theirs."""
    found = manifest.column("split")[pd.Series(keys).isin(theirs).to_numpy()]
    return " and ".join(f"'{name}'" for name in sorted(set(found) - {""}))


def _targets(
    manifest: Manifest, keys: npt.NDArray[Any], kept: _Rows, rows: _Rows, level: str, columns: _Rows
) -> npt.NDArray[Any]:
    if level == "image":
        return manifest.targets[kept] if manifest.task == "singlelabel" else manifest.targets[kept][:, columns]
    index = pd.Index(keys[kept]).get_indexer(pd.Index(keys[rows]))
    rows, index = rows[index >= 0], index[index >= 0]
    if manifest.task == "singlelabel":
        return _study_classes(manifest, keys, kept, rows, index)
    return _study_states(manifest.targets[rows][:, columns], index, len(kept))


def _study_states(states: npt.NDArray[Any], index: npt.NDArray[Any], count: int) -> npt.NDArray[np.float32]:
    """Positive where an image is, unknown where none is and one is unknown, else negative; `(count, C)`."""
    ranked = np.where(np.isnan(states), np.float32(0.5), states)  # negative < unknown < positive
    found = np.zeros((count, states.shape[1]), dtype=np.float32)
    np.maximum.at(found, index, ranked)
    return np.where(found == 0.5, np.float32(np.nan), found)


def _study_classes(
    manifest: Manifest, keys: npt.NDArray[Any], kept: _Rows, rows: _Rows, index: npt.NDArray[Any]
) -> npt.NDArray[np.int64]:
    """The class that the study's images agree on, -1 where none is known; `(count,)`."""
    classes = manifest.targets[rows]
    found = np.full(len(kept), UNKNOWN_CLASS, dtype=np.int64)
    np.maximum.at(found, index, classes)
    apart = np.flatnonzero((classes != UNKNOWN_CLASS) & (classes != found[index]))
    if len(apart):
        raise UserError(
            f"the images of study '{keys[rows[apart[0]]]}' of {_name(manifest)} have different classes; a study needs"
            " one class: evaluate images instead (in a recipe, predict.keep_images=true)."
        )
    return found


def _of(split: str | None) -> str:
    return f", split '{split}'" if split else ""


def _name(manifest: Manifest) -> str:
    return f"'{manifest.path}'" if manifest.path else "the manifest"
