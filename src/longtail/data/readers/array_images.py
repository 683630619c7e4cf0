"""Data sets published as arrays become a manifest whose images are PNG files under `out`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.images.png import write_pngs
from longtail.data.manifest import UNKNOWN_CLASS, Manifest, from_classes, from_states
from longtail.errors import UserError, listing
from longtail.files import make_folder, require_free_space

_DISK_BLOCK = 4096  # what a small file takes on most disks
_STATES = (0, 1)


@dataclass(frozen=True)
class Part:
    """One split of a data set of arrays: its images in batches, how large they are, and a label row for each."""

    split: str  # '' where the data set has none
    batches: Iterable[npt.NDArray[Any]]
    size: int  # bytes of all images
    labels: npt.NDArray[Any]  # (N,) or (N, 1) classes, or (N, C) states
    columns: dict[str, Sequence[str]]  # further columns, such as the patient


def write_images(parts: Sequence[Part], out: Path, source: str) -> pd.DataFrame:
    """Write every image under `out/images`; the table of image (from `out`), source, split and further columns."""
    make_folder(out)
    need = sum(part.size + _DISK_BLOCK * len(part.labels) for part in parts)
    require_free_space(out, need, f"writing the images of {source}")
    tables = []
    for part in parts:
        folder = f"images/{part.split}" if part.split else "images"
        names = write_pngs(part.batches, out / folder)
        columns: dict[str, Any] = {"image": [f"{folder}/{name}" for name in names], "source": source}
        tables.append(pd.DataFrame({**columns, "split": part.split, **part.columns}))
    table = pd.concat(tables, ignore_index=True)
    return table if any(part.split for part in parts) else table.drop(columns="split")


def labelled(
    table: pd.DataFrame, labels: npt.NDArray[Any], names: Sequence[str] | None, root: Path, what: str
) -> Manifest:
    """The manifest of `(N, C)` states or of `(N,)`, `(N, 1)` classes: indices into `names`, or text."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        return from_states(table, _names_for(labels.shape[1], names, what), checked_states(labels, what), root)
    classes, found = class_indices(labels.reshape(len(labels)), names, what)
    return from_classes(table, found, classes, root)


def class_indices(
    values: npt.NDArray[Any], names: Sequence[str] | None, what: str
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """`(N,)` indices and the class names; without `names`, the values that occur are the names. Below 0 is unknown."""
    if values.dtype.kind in "US":
        return _of_text(values.astype("U"), names, what)
    whole = values.astype(np.int64)
    if values.dtype.kind not in "iub" and not np.array_equal(whole, values):
        raise UserError(
            f"{what} holds {values.dtype} values that are no whole numbers; a class is an integer or a name."
        )
    if names is None:
        found, classes = np.unique(whole, return_inverse=True)
        known = found[found >= 0]
        shift = len(found) - len(known)
        return np.maximum(classes.reshape(-1) - shift, UNKNOWN_CLASS), tuple(str(value) for value in known)
    if (top := int(whole.max(initial=0))) >= len(names):
        raise UserError(f"{what} holds the class {top}, but there are {len(names)} names ({listing(list(names))}).")
    return np.maximum(whole, UNKNOWN_CLASS), tuple(names)


def checked_states(labels: npt.NDArray[Any], what: str) -> npt.NDArray[np.float32]:
    """`(N, C)` labels as states; anything but 0, 1 and nan is refused with its place."""
    if labels.dtype.kind not in "iufb":
        raise UserError(f"{what} holds {labels.dtype}; with a column per label, a cell is 0, 1 or nan (unknown).")
    states = labels.astype(np.float32)
    bad = np.argwhere(~(np.isin(states, _STATES) | np.isnan(states)))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise UserError(
            f"row {row + 1}, column {column + 1} of {what} holds {labels[row, column]}; with a column per label, a cell"
            " is 0, 1 or nan (unknown)."
        )
    return states


def _of_text(
    values: npt.NDArray[np.str_], names: Sequence[str] | None, what: str
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    found = tuple(names) if names is not None else tuple(str(v) for v in np.unique(values) if v)
    index = {name: i for i, name in enumerate(found)}
    if strangers := sorted({str(v) for v in np.unique(values) if v} - set(index)):
        raise UserError(f"{what} holds the class '{strangers[0]}', which is not among the names ({listing(found)}).")
    return np.array([index.get(str(v), UNKNOWN_CLASS) for v in values], dtype=np.int64), found


def _names_for(count: int, names: Sequence[str] | None, what: str) -> tuple[str, ...]:
    if names is None:
        return tuple(f"label_{i}" for i in range(count))
    if len(names) != count:
        raise UserError(f"{what} has {count} columns, but there are {len(names)} names ({listing(list(names))}).")
    return tuple(names)
