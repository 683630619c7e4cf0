"""The audit of a manifest: everything about its rows and labels that one should know before training on it.

Groups of labels and the imbalance ratio are computed on the training rows when there is a split named `train`.
Only exact duplicates (the same bytes) are found; the same pixels in another encoding are not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longtail.data.audit.duplicates import duplicate_images
from longtail.data.audit.group_facts import GroupFacts, group_facts, split_order, studies_per_patient
from longtail.data.audit.label_groups import Boundaries, group_boundaries, label_groups
from longtail.data.audit.label_relations import LabelRelations, label_relations
from longtail.data.audit.label_statistics import (
    Imbalance,
    LabelsPerImage,
    StateCounts,
    imbalance,
    labels_per_image,
    state_counts,
    state_counts_by,
)
from longtail.data.audit.plain import plain
from longtail.data.grouping import grouping_columns
from longtail.data.manifest import Manifest
from longtail.data.validation import Problem, missing_rows, validate
from longtail.errors import UserError

if TYPE_CHECKING:  # Pillow loads only when files are looked at
    from longtail.data.audit.image_headers import ImageHeaders


@dataclass(frozen=True)
class LongTail:
    """The tail as training will meet it: counts on `counted_on`, a group for each label, the boundaries."""

    counted_on: str
    counts: StateCounts
    groups: list[str]
    boundaries: Boundaries
    imbalance: Imbalance


@dataclass(frozen=True)
class Duplicate:
    """One content under several names: rows (from 0), their image names, and why it matters."""

    rows: list[int]
    images: list[str]
    splits: list[str]  # the different splits that hold it; empty without a split
    conflicting: bool  # some label is 1 in one row and 0 in another


@dataclass(frozen=True)
class Duplicates:
    """Exact-duplicate images, those in several splits first, then those whose labels disagree."""

    groups: int
    surplus: int  # images that could go without losing content
    across_splits: int
    conflicting: int
    found: list[Duplicate]


@dataclass(frozen=True)
class Files:
    """Image files: how many are missing, and the headers of a sample of the others."""

    missing: int
    headers: "ImageHeaders | None"  # None when no file exists


@dataclass(frozen=True)
class Inspection:
    """Everything `longtail data inspect` tells. Parts that a manifest lacks (views, studies ...) are empty or None."""

    file: str | None
    root: str
    task: str
    rows: int
    labels: tuple[str, ...]
    counts: StateCounts
    tail: LongTail
    by_split: dict[str, StateCounts]
    by_view: dict[str, StateCounts]
    by_source: dict[str, StateCounts]
    per_image: LabelsPerImage | None  # these two: multi-label only
    relations: LabelRelations | None
    grouped: dict[str, GroupFacts]  # by patient, lesion, study
    studies_per_patient: dict[int, int]
    boxes: dict[str, int] | None  # boxes of each label
    files: Files | None
    duplicates: Duplicates | None
    problems: list[Problem]

    def to_json(self) -> dict[str, Any]:
        """Plain values: dict, list, text and numbers; null where a number is undefined."""
        values: dict[str, Any] = plain(self)
        values["counts"] = _with_rates(self.counts)
        values["tail"]["counts"] = _with_rates(self.tail.counts)
        for part in ("by_split", "by_view", "by_source"):
            values[part] = {name: _with_rates(counts) for name, counts in getattr(self, part).items()}
        return values

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop a training."""
        return [problem for problem in self.problems if problem.severity == "error"]


def inspect(
    manifest: Manifest,
    *,
    head: int | None = None,
    tail: int | None = None,
    duplicates: bool = True,
    check_files: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Inspection:
    """Audit a manifest. `head` and `tail` are boundaries in training images (see `label_groups`).

    `check_files` looks for every image and reads headers of a sample; `duplicates` reads files of equal size, and
    tells `on_progress(n)` of rows as they are done, `len(manifest)` in all.
    """
    if not len(manifest):
        raise UserError("the manifest has no rows; there is nothing to inspect.")
    multilabel = manifest.task == "multilabel"
    counts = state_counts(manifest)
    by = {
        part: state_counts_by(manifest, part) if _told(manifest, part) else {} for part in ("split", "view", "source")
    }
    by["split"] = {name: by["split"][name] for name in sorted(by["split"], key=split_order)}
    groupings = grouping_columns(manifest)
    return Inspection(
        file=str(manifest.path) if manifest.path else None,
        root=str(manifest.root),
        task=manifest.task,
        rows=len(manifest),
        labels=manifest.labels,
        counts=counts,
        tail=long_tail(manifest, counts, by["split"], head, tail),
        by_split=by["split"],
        by_view=by["view"],
        by_source=by["source"],
        per_image=labels_per_image(manifest.targets) if multilabel else None,
        relations=label_relations(manifest.targets) if multilabel else None,
        grouped={name: group_facts(manifest, name) for name in groupings},
        studies_per_patient=studies_per_patient(manifest) if {"patient", "study"} <= set(groupings) else {},
        boxes=_box_counts(manifest),
        files=look_at_files(manifest) if check_files else None,
        duplicates=find_duplicates(manifest, on_progress) if duplicates else None,
        problems=[*validate(manifest, check_files=check_files), *(_dim_images(manifest) if check_files else ())],
    )


def long_tail(
    manifest: Manifest, counts: StateCounts, by_split: dict[str, StateCounts], head: int | None, tail: int | None
) -> LongTail:
    """Groups, boundaries and imbalance, on the training rows when a split says which these are."""
    training = by_split.get("train")
    used = training or counts
    boundaries = group_boundaries(manifest.task, used.rows, head=head, tail=tail)
    return LongTail(
        counted_on="the split 'train'" if training else "all rows",
        counts=used,
        groups=label_groups(used.positive, head=boundaries.head, tail=boundaries.tail),
        boundaries=boundaries,
        imbalance=imbalance(manifest.labels, used.positive),
    )


def find_duplicates(manifest: Manifest, on_progress: Callable[[int], None] | None = None) -> Duplicates:
    """Exact-duplicate images, the ones that do harm first."""
    groups = duplicate_images(manifest.image_paths, on_progress=on_progress)
    found = [_duplicate(manifest, rows) for rows in groups]
    found.sort(key=lambda one: (len(one.splits) < 2, not one.conflicting, one.rows))
    return Duplicates(
        groups=len(found),
        surplus=sum(len(one.rows) - 1 for one in found),
        across_splits=sum(len(one.splits) > 1 for one in found),
        conflicting=sum(one.conflicting for one in found),
        found=found,
    )


def _duplicate(manifest: Manifest, rows: list[int]) -> Duplicate:
    table = manifest.table.iloc[rows]
    targets = manifest.targets[rows]
    if manifest.task == "singlelabel":
        conflicting = len(set(targets[targets >= 0].tolist())) > 1
    else:
        conflicting = bool(((targets == 1).any(axis=0) & (targets == 0).any(axis=0)).any())
    splits = sorted(set(table["split"]) - {""}, key=split_order) if "split" in table else []
    return Duplicate(rows, table["image"].tolist(), splits, conflicting)


def look_at_files(manifest: Manifest) -> Files:
    """Missing files, and the headers of a sample of those that exist."""
    from longtail.data.audit.image_headers import image_headers

    absent = missing_rows(manifest.root, manifest.table["image"].tolist())
    there = np.setdiff1d(np.arange(len(manifest)), absent)
    paths = manifest.image_paths
    return Files(len(absent), image_headers([paths[row] for row in there]) if len(there) else None)


def _dim_images(manifest: Manifest) -> list[Problem]:
    from longtail.data.images.dim import dim_warning

    found = dim_warning(manifest.image_paths)
    return [Problem("dim-images", "warning", 1, found)] if found else []


def _told(manifest: Manifest, column: str) -> bool:
    return manifest.has(column) and bool((manifest.table[column] != "").any())


def _box_counts(manifest: Manifest) -> dict[str, int] | None:
    if manifest.boxes is None:
        return None
    counts = manifest.boxes["label"].value_counts()
    return {name: int(counts[name]) for name in manifest.labels if name in counts}


def _with_rates(counts: StateCounts) -> dict[str, Any]:
    values: dict[str, Any] = plain(counts)
    return {**values, "prevalence": plain(counts.prevalence), "unknown_rate": plain(counts.unknown_rate)}
