"""What is wrong with a manifest, each problem with its place; errors stop the work, warnings are told."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.column_problems import ABOUT_NAMES as ABOUT_NAMES
from longtail.data.column_problems import column_problems
from longtail.data.grouping import grouping_columns
from longtail.data.manifest import Manifest
from longtail.data.problem import Problem as Problem
from longtail.data.tables import row_place
from longtail.errors import UserError, listing, nearest, plural


def validate(manifest: Manifest, *, check_files: bool = True) -> list[Problem]:
    """Every problem found, errors first; looking for each image file can be skipped."""
    found = [*_duplicates(manifest), *_studies(manifest), *_splits(manifest), *_boxes(manifest), *_labels(manifest)]
    found += column_problems(manifest)
    if check_files:
        found += _missing_files(manifest)
        found += _boxes_outside(manifest)
    return sorted(found, key=lambda problem: problem.severity)


def require_valid(manifest: Manifest, *, check_files: bool = True, but: Collection[str] = ()) -> None:
    """Raise the errors of `validate`, one sentence each; those of the kinds in `but` are let pass."""
    found = [p for p in validate(manifest, check_files=check_files) if p.severity == "error"]
    errors = [p.message for p in found if p.kind not in but]
    if errors:
        raise UserError("\n".join(errors))


def _place(manifest: Manifest, row: int) -> str:
    return row_place(manifest.path, row)


def _box_place(manifest: Manifest, row: int, columns: str) -> str:
    """Where a box stands: row, line where certain, columns and file."""
    file = manifest.path.parent / manifest.names.boxes if manifest.path and manifest.names.boxes else None
    table = f"the box table '{file}'" if file else "the box table"
    return f"{row_place(file, row)}, {columns} of {table}"


def _file(manifest: Manifest) -> str:
    return f"'{manifest.path}'" if manifest.path else "the manifest"


def _name(manifest: Manifest, role: str) -> str:
    return f"column '{getattr(manifest.names, role) or role}'"


def _duplicates(manifest: Manifest) -> Iterator[Problem]:
    images = manifest.table["image"]
    again = np.flatnonzero(images.duplicated())
    if len(again):
        row = int(again[0])
        first = int(np.flatnonzero(images == images[row])[0])
        yield Problem(
            "duplicate-image", "error", len(again),
            f"{_place(manifest, row)}, {_name(manifest, 'image')} of {_file(manifest)} names the image '{images[row]}'"
            f" of {_place(manifest, first)} again ({len(again):,} such rows); keep one row for each image.",
        )  # fmt: skip


def _studies(manifest: Manifest) -> Iterator[Problem]:
    if not (manifest.has("study") and manifest.has("patient")):
        return
    if found := _crossing(manifest.table["study"], _filled(manifest.table["patient"])):
        yield Problem(
            "study-of-two-patients", "error", found.groups,
            f"{_place(manifest, found.row)}, {_name(manifest, 'study')} of {_file(manifest)}: the study"
            f" '{found.group}' has the patients {listing(found.parts, 3)} ({found.groups:,} such studies);"
            " a study belongs to one patient.",
        )  # fmt: skip


def _splits(manifest: Manifest) -> Iterator[Problem]:
    if not manifest.has("split"):
        return
    yield from _odd_split_names(manifest)
    for role in grouping_columns(manifest)[:1]:  # the widest: what it keeps whole, the others keep whole
        if found := _crossing(manifest.table[role], _filled(manifest.table["split"])):
            such = f"{found.groups:,} such {plural(role)}" if found.groups > 1 else "the only one"
            yield Problem(
                "leak", "warning", found.groups,
                f"{_place(manifest, found.row)}, {_name(manifest, 'split')} of {_file(manifest)}: the {role}"
                f" '{found.group}' is in the splits {listing(found.parts)} ({such}), so scores will be too good;"
                " split by group with 'longtail data split'.",
            )  # fmt: skip


def _odd_split_names(manifest: Manifest) -> Iterator[Problem]:
    usual = ("train", "val", "test")
    for value in sorted(set(manifest.table["split"].unique()) - {"", *usual}):
        guess = nearest(value, usual)
        if guess:
            row = int(np.flatnonzero(manifest.table["split"] == value)[0])
            yield Problem(
                "odd-split", "warning", int((manifest.table["split"] == value).sum()),
                f"{_place(manifest, row)}, {_name(manifest, 'split')} of {_file(manifest)} has the split '{value}';"
                f" did you mean '{guess}'?",
            )  # fmt: skip


def _filled(cells: "pd.Series[str]") -> "pd.Series[str]":
    """A column with empty cells missing."""
    return cells.where(cells != "")


@dataclass(frozen=True)
class _Crossing:
    """Groups that have more than one part: how many, and the first with the row where its second part begins."""

    row: int
    group: str
    parts: list[str]
    groups: int


def _crossing(groups: "pd.Series[str]", parts: "pd.Series[str]") -> _Crossing | None:
    pairs = pd.DataFrame({"group": groups, "part": parts})[(groups != "").to_numpy()].dropna().drop_duplicates()
    count = pairs.groupby("group", sort=False)["part"].transform("size")
    crossing = pairs[(count > 1).to_numpy()]
    if crossing.empty:
        return None
    second = crossing.index[crossing["group"].duplicated().to_numpy()][0]
    group = str(crossing.loc[second, "group"])
    own = crossing.loc[crossing["group"] == group, "part"].tolist()
    return _Crossing(int(second), group, own, int(crossing["group"].nunique()))


def _labels(manifest: Manifest) -> Iterator[Problem]:
    counts = manifest.counts()
    if (empty := np.flatnonzero(counts == 0)).size:
        names = [manifest.labels[i] for i in empty]
        yield Problem(
            "label-without-positive", "warning", len(names),
            f"no image of {_file(manifest)} has {listing(names)}; such a label cannot be learned and has no score.",
        )  # fmt: skip
    if manifest.task == "singlelabel" and len(manifest.labels) == 1:
        yield Problem(
            "one-class", "error", 1,
            f"{_name(manifest, 'label')} of {_file(manifest)} holds the one class '{manifest.labels[0]}';"
            " a classifier needs two or more.",
        )  # fmt: skip


def _boxes(manifest: Manifest) -> Iterator[Problem]:
    if manifest.boxes is None:
        return
    boxes = manifest.boxes.reset_index(drop=True)
    checks = {
        "box-of-unknown-label": (~boxes["label"].isin(manifest.labels), "label", manifest.labels),
        "box-of-unknown-image": (~boxes["image"].isin(set(manifest.table["image"])), "image", ()),
    }
    for kind, (bad, column, valid) in checks.items():
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            place = _box_place(manifest, row, f"column '{column}'")
            hint = f" Valid: {listing(valid)}." if valid else " Drop the box or add the image."
            yield Problem(
                kind, "error", int(bad.sum()),
                f"{place} names the {column} '{boxes[column][row]}', which {_file(manifest)} lacks"
                f" ({int(bad.sum()):,} such boxes).{hint}",
            )  # fmt: skip
    yield from _box_shape(manifest, boxes)


def _box_shape(manifest: Manifest, boxes: pd.DataFrame) -> Iterator[Problem]:
    bad = (
        (boxes["right"] <= boxes["left"]) | (boxes["bottom"] <= boxes["top"]) | (boxes["left"] < 0) | (boxes["top"] < 0)
    )
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        left, top, right, bottom = (float(boxes[side][row]) for side in ("left", "top", "right", "bottom"))
        yield Problem(
            "box-shape", "error", int(bad.sum()),
            f"{_box_place(manifest, row, 'columns left to bottom')}, says ({left:g}, {top:g}) to"
            f" ({right:g}, {bottom:g}) ({int(bad.sum()):,} such boxes); it needs 0 <= left < right and"
            " 0 <= top < bottom.",
        )  # fmt: skip


def _boxes_outside(manifest: Manifest) -> Iterator[Problem]:
    if manifest.boxes is None or manifest.boxes.empty:
        return
    from longtail.data.images.decode import image_size

    boxes = manifest.boxes.reset_index(drop=True)
    sizes = {name: image_size(path) for name in boxes["image"].unique() if os.path.isfile(path := manifest.root / name)}  # noqa: PTH113
    width, height = (boxes["image"].map({k: v[i] for k, v in sizes.items() if v}).to_numpy(float) for i in (0, 1))
    bad = (boxes["right"] > width + 1) | (boxes["bottom"] > height + 1)  # published boxes are rounded
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        yield Problem(
            "box-outside", "error", int(bad.sum()),
            f"{_box_place(manifest, row, 'columns right and bottom')}, says"
            f" ({boxes['right'][row]:g}, {boxes['bottom'][row]:g}), outside the image '{boxes['image'][row]}' of"
            f" {width[row]:g} x {height[row]:g} pixels ({int(bad.sum()):,} such boxes);"
            " give boxes in the pixels of the image file.",
        )  # fmt: skip


def _missing_files(manifest: Manifest) -> Iterator[Problem]:
    absent = missing_rows(manifest.root, manifest.table["image"].tolist())
    if len(absent):
        row = int(absent[0])
        yield Problem(
            "missing-file", "error", len(absent),
            f"{len(absent):,} of {len(manifest):,} images of {_file(manifest)} do not exist; the first is"
            f" {_place(manifest, row)}, {_name(manifest, 'image')}: '{manifest.table['image'][row]}',"
            f" looked for in '{manifest.root}'; {_mend_missing(manifest, row, len(absent))}",
        )  # fmt: skip


def _mend_missing(manifest: Manifest, row: int, count: int) -> str:
    """What to do: where most files are missing, the folder is wrong, else those files are."""
    if "\\" in manifest.table["image"][row]:
        return "write / in paths, where they have \\ as on Windows."
    if 2 * count > len(manifest):
        return (
            "say the folder that the paths start from as root: DIR in the YAML beside the manifest (`longtail data`"
            " also takes --root DIR)."
        )
    return (
        "correct their paths, add the files, or take the rows out (images.on_bad=skip leaves them out of a training)."
    )


def missing_rows(root: Path, names: list[str]) -> npt.NDArray[np.int64]:
    """Indices of the names that are no files under `root`; lists each folder once rather than asking for each file."""
    start = os.fspath(root)
    listed: dict[str, set[str]] = {}
    absent = []
    for row, name in enumerate(names):
        folder, _, base = name.rpartition("/")
        if folder not in listed:
            listed[folder] = _names_in(os.path.join(start, folder))  # noqa: PTH118 - a Path costs more than the look
        # os.path, as Path's own raises for a name that is too long.
        # Where the folder is there, a name that is not listed may still be one that the disk takes for another case.
        if base not in listed[folder] and not (listed[folder] and os.path.isfile(root / name)):  # noqa: PTH113
            absent.append(row)
    return np.asarray(absent, dtype=np.int64)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or a link to one; a link to itself makes the system refuse an answer."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _names_in(folder: str) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if _is_file(entry)}
    except (OSError, ValueError):
        return set()
