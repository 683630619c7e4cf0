"""A `Manifest` as files: the table, the YAML that says which column is what, and the boxes."""

import csv
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.data.roles import GROUP_ROLES, Roles, save_roles
from longtail.data.tables import PARQUET_SUFFIXES
from longtail.errors import UserError, listing
from longtail.files import written_whole


def save_manifest(manifest: Manifest, path: Path) -> Path:
    """Write `path` (`.csv` or `.parquet`), `path` with `.yaml`, and `boxes.csv`; returns `path`."""
    _require_form(path)
    table = _with_labels(manifest)
    boxes = None
    if manifest.boxes is not None:
        boxes = path.with_name("boxes.csv" if path.stem == "manifest" else f"{path.stem}.boxes.csv")
        save_table(manifest.boxes, boxes)
    save_table(table, path)
    save_roles(_roles(manifest, path, boxes), path.with_suffix(".yaml"))
    return path


def require_other_file(source: Path, out: Path, *, force: bool = False) -> None:
    """Refuse to write `out` over the manifest `source` or the YAML beside it, unless `force` says so.

    Also a name that is no manifest's, before the work rather than after it.
    """
    _require_form(out)
    source = source / "manifest.csv" if source.is_dir() else source
    if not force and source.with_suffix("").resolve() == out.with_suffix("").resolve():
        raise UserError(
            f"'{out}' would replace the manifest '{source}' or the YAML beside it; name another --out or add --force."
        )


def _require_form(path: Path) -> None:
    if path.suffix.lower() not in (".csv", *PARQUET_SUFFIXES):
        raise UserError(f"'{path.name}' must end in .csv or .parquet.")


def save_table(table: pd.DataFrame, path: Path) -> None:
    """Write a data frame whole, as its suffix says."""
    with written_whole(path) as beside:
        if path.suffix.lower() in PARQUET_SUFFIXES:
            table.to_parquet(beside, index=False)
        else:
            quoting: Literal[0, 1] = csv.QUOTE_ALL if _has_carriage_return(table) else csv.QUOTE_MINIMAL
            table.to_csv(beside, index=False, lineterminator="\n", quoting=quoting, encoding="utf-8")


def _has_carriage_return(table: pd.DataFrame) -> bool:
    """Whether a cell or name holds one: the csv writer would leave it bare, and every reader end the row there."""
    texts = [table[name] for name in table.select_dtypes(include=["object", "string"])]
    names = "".join(map(str, table.columns))
    return "\r" in names or any(column.astype("str").str.contains("\r", regex=False).any() for column in texts)


def _with_labels(manifest: Manifest) -> pd.DataFrame:
    if clash := [name for name in manifest.labels if name in manifest.table and manifest.task == "multilabel"]:
        raise UserError(f"{listing(clash)} is both a label and another column; rename one.")
    if manifest.task == "singlelabel":
        names = np.array([*manifest.labels, ""], dtype=object)
        label = {"label": names[np.where(manifest.targets == UNKNOWN_CLASS, len(manifest.labels), manifest.targets)]}
        return pd.concat([manifest.table, pd.DataFrame(label)], axis=1)
    states = np.asarray(manifest.targets)
    cells: dict[str, Any] = {
        name: pd.array(np.nan_to_num(states[:, i]).astype(np.int8), dtype="Int8")
        for i, name in enumerate(manifest.labels)
    }
    for i, name in enumerate(manifest.labels):
        cells[name][np.isnan(states[:, i])] = pd.NA
    return pd.concat([manifest.table, pd.DataFrame(cells)], axis=1)


def _roles(manifest: Manifest, path: Path, boxes: Path | None) -> Roles:
    parts = {part: part for part in GROUP_ROLES if part in manifest.table}
    root = manifest.root.resolve()
    here = path.parent.resolve()
    said: dict[str, Any] = {"image": "image", "labels": manifest.labels, **parts}
    if manifest.task == "singlelabel":
        said["label"] = "label"
    if root != here:  # inside the manifest's folder: relative, so that the folder can be moved as a whole
        said["root"] = root.relative_to(here).as_posix() if root.is_relative_to(here) else root.as_posix()
    if boxes is not None:
        said["boxes"] = boxes.name
    return Roles(**said)
