"""Where a pasted image comes from, written into its row: no part of it may reach validation or test images' splits.

The columns `parents`, `parent_patients` and `parent_studies` hold JSON lists, the background first. `patient` is the
background's, so a split by patient keeps an image with its background; only `leaking_parents` sees the patches too:
split first, then paste.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.augment.paste.planning import Paste
from longtail.augment.paste.pool import Pool
from longtail.data.boxes import box_table
from longtail.data.manifest import Manifest, as_text
from longtail.errors import UserError, listing

PARENTS = {"parents": "image", "parent_patients": "patient", "parent_studies": "study"}


def pasted_rows(pool: Pool, pastes: Sequence[Paste], names: Sequence[str], mark: str, root: Path) -> Manifest:
    """The manifest of pasted images called `names` under `root`; each is a study of its own, named after `mark`."""
    old = pool.manifest
    parents = [[p.background, *dict.fromkeys(int(pool.bank.rows[one.patch]) for one in p.placed)] for p in pastes]
    table = old.table.iloc[[p.background for p in pastes]].reset_index(drop=True)
    table["image"] = list(names)
    if old.has("study"):
        table["study"] = [f"pasted-{mark}-{number:06d}" for number in range(len(pastes))]
    table["way"] = [p.way for p in pastes]
    table["made_for"] = [old.labels[p.label] for p in pastes]
    for column, of in PARENTS.items():
        if old.has(of):
            values = old.column(of)
            table[column] = [json.dumps(list(dict.fromkeys(str(values[row]) for row in rows))) for rows in parents]
    states = np.stack([p.states for p in pastes])
    targets = (states == 1).argmax(axis=1).astype(np.int64) if pool.single else states
    boxes = box_table(
        [
            (name, old.labels[int(pool.bank.labels[one.patch])], *one.box)
            for name, p in zip(names, pastes, strict=True)
            for one in p.placed
        ]
    )
    return Manifest(as_text(table), old.labels, targets, root, boxes)


def with_pasted(manifest: Manifest, pasted: Manifest) -> Manifest:
    """The rows of a manifest and, after them, the pasted ones; these get absolute image paths."""
    if manifest.labels != pasted.labels or manifest.task != pasted.task:
        raise UserError(
            f"the pasted images have the labels {listing(pasted.labels, 6)} and the manifest"
            f" {listing(manifest.labels, 6)}; add them to the manifest that they were made of."
        )
    home = pasted.root.resolve()
    extra = pasted.table.assign(image=[str(home / name) for name in pasted.table["image"]])
    boxes = [] if manifest.boxes is None else [manifest.boxes]
    if pasted.boxes is not None:
        boxes.append(pasted.boxes.assign(image=[str(home / name) for name in pasted.boxes["image"]]))
    return Manifest(
        as_text(pd.concat([manifest.table, extra], ignore_index=True)),
        manifest.labels,
        np.concatenate([manifest.targets, pasted.targets]),
        manifest.root,
        pd.concat(boxes, ignore_index=True) if boxes else None,
    )


def leaking_parents(manifest: Manifest, column: str = "split") -> int:
    """How many pasted images have a parent image, patient or study with a row in another part than their own."""
    if not (manifest.has("parents") and manifest.has(column)):
        return 0
    parts, made = manifest.column(column), manifest.column("parents") != ""
    leaks = np.zeros(len(manifest), dtype=bool)
    for listed, of in PARENTS.items():
        if manifest.has(listed) and manifest.has(of):
            home = _parts_of(manifest.column(of)[~made], parts[~made])
            for row in np.flatnonzero(made):
                found = set().union(
                    *(home.get(name, set()) for name in json.loads(manifest.column(listed)[row] or "[]"))
                )
                leaks[row] |= bool(found - {parts[row]})
    return int(leaks.sum())


def _parts_of(names: npt.NDArray[np.object_], parts: npt.NDArray[np.object_]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, part in zip(names, parts, strict=True):
        if name and part:
            found.setdefault(name, set()).add(part)
    return found
