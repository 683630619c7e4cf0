"""The manifest: one row per image, its labels, and who and what it belongs to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.roles import GROUP_ROLES, Roles
from longtail.data.states import positives
from longtail.errors import unknown_name

Task = Literal["multilabel", "singlelabel"]
BOX_COLUMNS = ("image", "label", "left", "top", "right", "bottom")
UNKNOWN_CLASS = -1


@dataclass(frozen=True, eq=False)
class Manifest:
    """A table of images and what is known of them.

    `table` has a row per image: `image` (a path, from `root`), those of `patient`, `study`, `view`, `source`, `split`
    that are known, and every column that plays no part. All are text ('' where empty).
    `targets` is `(N, C)` float32 in {0, 1, nan} for a multi-label task; `(N,)` int64 for a single-label one, an index
    into `labels`, or -1 where unknown. `boxes` (if any) has the columns image, label, left, top, right, bottom.
    """

    table: pd.DataFrame
    labels: tuple[str, ...]
    targets: npt.NDArray[Any]
    root: Path
    boxes: pd.DataFrame | None = None
    path: Path | None = None  # the file it came from, for messages
    names: Roles = field(default_factory=Roles)  # what the columns were called there, for messages
    said: Roles = field(default_factory=Roles)  # the part of it that its YAML or a flag said, and no guess

    def __len__(self) -> int:
        return len(self.table)

    @property
    def task(self) -> Task:
        """`multilabel` (a column per label) or `singlelabel` (one class per image)."""
        return "multilabel" if self.targets.ndim == 2 else "singlelabel"

    @classmethod
    def load(
        cls, path: str | Path, *, check: bool = True, check_files: bool = True, labelled: bool = True, **flags: Any
    ) -> "Manifest":
        """Read a CSV or Parquet manifest, with the YAML beside it and `flags` (`patient="subject_id"`, ...) over that.

        With `check`, the first kind of mistake found is raised; `check_files=False` skips looking for each image;
        `labelled=False` takes a table without labels too, such as new images to predict.
        """
        from longtail.data.loading import load_manifest

        return load_manifest(Path(path), check=check, check_files=check_files, labelled=labelled, flags=flags)

    def save(self, path: str | Path) -> Path:
        """Write the table (`.csv` or `.parquet`), the YAML beside it, and `boxes.csv` if there are boxes."""
        from longtail.data.saving import save_manifest

        return save_manifest(self, Path(path))

    @cached_property
    def image_paths(self) -> list[Path]:
        """Each row's image file."""
        return [self.root / name for name in self.table["image"]]

    @cached_property
    def one_hot(self) -> npt.NDArray[np.float32]:
        """States as `(N, C)` for either task; nan where unknown."""
        if self.task == "multilabel":
            return np.asarray(self.targets, dtype=np.float32)
        states = np.full((len(self), len(self.labels)), np.nan, dtype=np.float32)
        known = self.targets != UNKNOWN_CLASS
        states[known] = np.eye(len(self.labels), dtype=np.float32)[self.targets[known]]
        return states

    def counts(self, rows: npt.NDArray[Any] | None = None) -> npt.NDArray[np.int64]:
        """Positive images of each label, `(C,)`, in all rows or in `rows` (a mask or indices)."""
        return positives(self.one_hot if rows is None else self.one_hot[rows])

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column of the table as an array of text; the error names those there are."""
        if name not in self.table:
            raise unknown_name("column", name, self.table.columns, str(self.path or "the manifest"))
        return self.table[name].to_numpy(dtype=object)

    def has(self, name: str) -> bool:
        """Whether the table has a column `name`."""
        return name in self.table

    def rows_of(self, split: str) -> npt.NDArray[np.int64]:
        """Indices of the rows in one split; the error names the splits there are."""
        values = self.column("split")
        if split not in values:
            raise unknown_name("split", split, {v for v in values if v}, str(self.path or "the manifest"))
        return np.flatnonzero(values == split)

    def select(self, rows: npt.NDArray[Any] | Sequence[int]) -> "Manifest":
        """The manifest of some rows (a mask or indices, in that order), with their boxes."""
        picked = np.asarray(rows) if len(rows) else np.zeros(0, dtype=np.int64)
        table = self.table.iloc[np.flatnonzero(picked) if picked.dtype == bool else picked].reset_index(drop=True)
        boxes = self.boxes
        if boxes is not None:
            boxes = boxes[boxes["image"].isin(set(table["image"]))].reset_index(drop=True)
        return replace(self, table=table, targets=self.targets[picked], boxes=boxes)

    def with_column(self, name: str, values: npt.NDArray[Any] | Sequence[str]) -> "Manifest":
        """The manifest with one column added or replaced (such as `split`)."""
        return replace(self, table=self.table.assign(**{name: pd.Series(list(values), dtype="str")}))

    @property
    def extras(self) -> list[str]:
        """Columns that play no part, such as age or sex."""
        return [name for name in self.table.columns if name not in ("image", *GROUP_ROLES)]

    def digest(self) -> str:
        """A hash of the rows and labels (not of the pixels): the same digest, the same training table."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update("\0".join([self.task, *self.labels]).encode())
        for name in sorted(self.table.columns):
            digest.update(f"\1{name}\1".encode())
            digest.update("\0".join(self.table[name]).encode())
        digest.update(np.nan_to_num(self.targets, nan=2).astype(np.int32).tobytes())
        if self.boxes is not None:
            digest.update(self.boxes.to_csv(index=False).encode())
        return digest.hexdigest()


def from_states(
    table: pd.DataFrame,
    labels: Sequence[str],
    states: npt.NDArray[Any],
    root: Path,
    boxes: pd.DataFrame | None = None,
) -> Manifest:
    """A multi-label manifest from `(N, C)` states in {0, 1, nan}; the table's values become text."""
    return Manifest(as_text(table), tuple(labels), np.asarray(states, dtype=np.float32), root, boxes)


def from_classes(
    table: pd.DataFrame,
    labels: Sequence[str],
    classes: npt.NDArray[Any],
    root: Path,
    boxes: pd.DataFrame | None = None,
) -> Manifest:
    """A single-label manifest from `(N,)` indices into `labels` (-1 = unknown)."""
    return Manifest(as_text(table), tuple(labels), np.asarray(classes, dtype=np.int64), root, boxes)


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text, missing ones ''; the index runs from 0."""
    return (
        pd.DataFrame({name: table[name].astype("str").where(table[name].notna(), "") for name in table})
        .reset_index(drop=True)
        .astype("str")
    )
