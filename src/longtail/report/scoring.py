"""A run's predictions beside the truth: which file, which manifest, which rows."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import Boundaries, group_boundaries, label_groups
from longtail.data.grouping import group_values, grouping_columns
from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.errors import UserError
from longtail.predict.files import read_predictions
from longtail.predict.matching import align
from longtail.report.run_folder import RunFolder


@dataclass(frozen=True)
class Scored:
    """N images (or studies) with states `(N, C)` in {0, 1, nan}, probabilities, and their rows of the manifest.

    `counts` `(C,)` are training images, `groups` their head, medium or tail. `classes` `(N,)` is for single-label
    tasks, -1 where unknown. `patients` `(N,)` is what a resample draws, None where each row stands alone.
    """

    manifest: Manifest
    labels: tuple[str, ...]
    states: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64] | None
    values: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64]
    level: str
    split: str
    counts: npt.NDArray[np.int64]
    groups: list[str]
    boundaries: Boundaries
    patients: npt.NDArray[Any] | None
    grouped_by: str | None

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> npt.NDArray[Any] | None:
        """A manifest column of these rows, or None where the manifest lacks it or says nothing in it."""
        if not self.manifest.has(name) or (self.level == "study" and name == "view"):
            return None
        values = self.manifest.column(name)[self.rows]
        return values if (values != "").any() else None

    def select(self, picked: npt.NDArray[Any]) -> "Scored":
        """Some of these rows (indices)."""
        names = ("states", "classes", "values", "rows", "patients")
        part: dict[str, Any] = {name: value for name in names if (value := getattr(self, name)) is not None}
        return replace(self, **{name: value[picked] for name, value in part.items()})


def manifest_of(run: RunFolder, stated: str | Path | None = None) -> Manifest | None:
    """The manifest that is stated, else the one that the run recorded; None where that file is gone."""
    recorded = run.manifest.get("path")
    path = Path(stated) if stated else Path(recorded) if isinstance(recorded, str) else None
    if path is None:
        return None
    if not stated and not path.exists():
        near = run.path / path.name  # the run was moved together with its manifest
        if not near.exists():
            return None
        path = near
    flags = run.manifest.get("roles") if isinstance(run.manifest.get("roles"), dict) and not stated else {}
    return Manifest.load(path, check_files=False, **(flags or {}))


def score(run: RunFolder, manifest: Manifest, split: str | None = None) -> Scored | None:
    """The run's predictions aligned with the manifest; None where it has made none."""
    path = run.predictions(split)
    if path is None:
        return None
    predictions = read_predictions(path, manifest.labels)
    targets, values, rows = align(predictions, manifest, partial=_is_smoke(run))
    if not len(rows):
        raise UserError(f"'{path}' and {manifest.path} have no rows in common; name the right one with --manifest.")
    classes = np.asarray(targets, np.int64) if manifest.task == "singlelabel" else None
    states = _one_hot(classes, len(manifest.labels)) if classes is not None else targets
    counts, counted = training_counts(manifest)
    boundaries = group_boundaries(manifest.task, counted)
    by = next(iter(grouping_columns(manifest)), None)
    return Scored(
        manifest, manifest.labels, np.asarray(states, np.float32), classes, values, rows, predictions.level,
        _split_name(manifest, rows, path), counts, label_groups(counts, head=boundaries.head, tail=boundaries.tail),
        boundaries, _patients(manifest, by, rows), by,
    )  # fmt: skip


def training_counts(manifest: Manifest) -> tuple[npt.NDArray[np.int64], int]:
    """Training images of each label, and training rows: the manifest's split 'train', or all of it."""
    has = manifest.has("split") and bool((manifest.column("split") == "train").any())
    rows = manifest.rows_of("train") if has else np.arange(len(manifest))
    return manifest.counts(rows), len(rows)


def _is_smoke(run: RunFolder) -> bool:
    """Whether the run was a smoke test, which predicts a few rows only."""
    return bool(run.environment.get("smoke") or run.manifest.get("smoke"))


def _one_hot(classes: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float32]:
    states = np.full((len(classes), count), np.nan, np.float32)
    known = classes != UNKNOWN_CLASS
    states[known] = np.eye(count, dtype=np.float32)[classes[known]]
    return states


def _split_name(manifest: Manifest, rows: npt.NDArray[np.int64], path: Path) -> str:
    """The split that the rows are of, by the manifest; else the file's name."""
    names = sorted(set(manifest.column("split")[rows].tolist())) if manifest.has("split") else []
    return ", ".join(name for name in names if name) or path.stem


def _patients(manifest: Manifest, by: str | None, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any] | None:
    if by is None:
        return None
    return group_values(manifest, by)[rows]
