"""ChestX-Det (Lian et al. 2021; 13 findings) and ChestX-Det10 (Liu et al. 2020; 10): boxes on NIH ChestX-ray14 images.

Names are not NIH's file names, and patients are not published. Boxes are x1, y1, x2, y2 in pixels of the images.
"""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from longtail.data.boxes import box_table
from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.published import find_files, images_by_stem, states_of_lists
from longtail.errors import UserError, unknown_name

TEN = (
    "Atelectasis", "Calcification", "Consolidation", "Effusion", "Emphysema", "Fibrosis", "Fracture", "Mass", "Nodule",
    "Pneumothorax",
)  # fmt: skip
THIRTEEN = tuple(sorted({*TEN, "Cardiomegaly", "Diffuse Nodule", "Pleural Thickening"}))
_FILES = {
    "chestx-det": {"train": ["**/ChestX_Det_train.json"], "test": ["**/ChestX_Det_test.json"]},
    "chestx-det10": {"train": ["**/train.json"], "test": ["**/test.json"]},
}
Row = tuple[str, str, float, float, float, float]


@READERS.register(
    "chestx-det",
    publication="Lian et al. 2021; Liu et al. 2020",
    files="ChestX_Det_{train,test}.json or {train,test}.json",
)
def read_chestx_det(
    root: Path,
    out: Path,  # noqa: ARG001
    *,
    form: Literal["auto", "chestx-det", "chestx-det10"] = "auto",
) -> Manifest:
    """ChestX-Det (13 findings) and ChestX-Det10: a box for every finding, official train and test images.

    An image without entries has none of the findings. Boxes without an area are left out; their label stays.
    """
    source, files = _files(root, form)
    labels = THIRTEEN if source == "chestx-det" else TEN
    parts = {split: _entries(path) for split, path in files.items()}
    table, names, boxes = [], [], []
    for split, entries in parts.items():
        stems = _stems(root, split)
        for row, entry in enumerate(entries):
            found, here = _findings(entry, labels, f"entry {row + 1} of '{files[split]}'")
            image = stems.get(Path(entry["file_name"]).stem, entry["file_name"])
            table.append((image, source, split))
            names.append(found)
            boxes += [(image, *box) for box in here]
    frame = pd.DataFrame(table, columns=["image", "source", "split"])
    return from_states(frame, labels, states_of_lists(names, labels), root, box_table(boxes))


def _files(root: Path, form: str) -> tuple[str, dict[str, Path]]:
    for source, patterns in _FILES.items():
        if form in ("auto", source):
            files = {split: found[0] for split, names in patterns.items() if (found := find_files(root, names))}
            if files:
                return source, files
    raise UserError(
        "no file ChestX_Det_train.json or ChestX_Det_test.json (13 findings), nor train.json or test.json (10"
        f" findings), in '{root}'; that is what ChestX-Det publishes: give the folder that holds it with --root."
    )


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is not readable JSON ({error}); download it again.") from error
    keys = ("file_name", "syms", "boxes")
    if not isinstance(entries, list) or not all(isinstance(e, dict) and all(key in e for key in keys) for e in entries):
        raise UserError(
            f"'{path}' is not a list of entries with {', '.join(keys)}; the form of ChestX-Det was expected."
        )
    return entries


def _stems(root: Path, split: str) -> dict[str, str]:
    """Images by stem; where folders are named after the splits, only this split's, since numbers may repeat."""
    everything = images_by_stem(root)
    folders = [entry for entry in root.iterdir() if entry.is_dir() and split in entry.name.lower()]
    for folder in folders:
        everything |= {stem: f"{folder.name}/{path}" for stem, path in images_by_stem(folder).items()}
    return everything


def _findings(
    entry: dict[str, Any], labels: tuple[str, ...], where: str
) -> tuple[list[str], list[tuple[str, float, float, float, float]]]:
    """An entry's labels and its boxes with an area."""
    if len(entry["syms"]) != len(entry["boxes"]):
        raise UserError(
            f"{where} has {len(entry['syms'])} names and {len(entry['boxes'])} boxes; each needs the other."
        )
    boxes = []
    for name, box in zip(entry["syms"], entry["boxes"], strict=True):
        if name not in labels:
            raise unknown_name("finding", name, labels, where)
        if len(box) != 4 or not np.isfinite(np.asarray(box, dtype=float)).all():
            raise UserError(f"{where} has the box {box}; a box is four numbers x1, y1, x2, y2.")
        left, right = sorted((float(box[0]), float(box[2])))
        top, bottom = sorted((float(box[1]), float(box[3])))
        if left < right and top < bottom:
            boxes.append((name, max(left, 0.0), max(top, 0.0), right, bottom))
    return entry["syms"], boxes
