"""A small data set for pasting: every image is of one grey level, so that a pasted pixel tells where it came from."""

from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data import Manifest, Prepared, prepare
from longtail.data.boxes import box_table
from longtail.data.images.png import encode_png
from longtail.data.manifest import from_classes, from_states

LABELS = ("No Finding", "Common", "Rare", "Other")
BOXES = {"Common": (8, 8, 24, 24), "Rare": (40, 32, 56, 56), "Other": (4, 36, 20, 60)}  # in 64 pixels; none overlap
SIDE = 64


def level(row: int) -> int:
    """The grey level of a row's image."""
    return 20 + 4 * row


def world(folder: Path, *, rows: int = 40, single: bool = False, size: int = 32) -> tuple[Manifest, Prepared]:
    """Half the images are normal; the others have Common, every fifth Rare, every third Other; a patient has two."""
    states = np.zeros((rows, 4), np.float32)
    for row in range(rows):
        odd = row // 2
        states[row] = [row % 2 == 0, row % 2, row % 2 and odd % 5 == 0, row % 2 and odd % 3 == 0]
    names = [f"{row:03d}.png" for row in range(rows)]
    folder.mkdir(parents=True, exist_ok=True)
    for row, name in enumerate(names):
        (folder / name).write_bytes(encode_png(np.full((SIDE, SIDE), level(row), np.uint8)))
    table = pd.DataFrame({"image": names, "patient": [f"p{row // 2}" for row in range(rows)]})
    table["study"] = [f"s{row}" for row in range(rows)]
    if single:  # the rarest
        classes = np.array([max(np.flatnonzero(state), key=lambda i: (i == 2, i)) for state in states])
        states = np.eye(4, dtype=np.float32)[classes]
    boxes = box_table(
        [(names[row], LABELS[i], *map(float, BOXES[LABELS[i]])) for row, i in np.argwhere(states == 1) if i]
    )
    if single:
        manifest = from_classes(table, LABELS, classes, folder, boxes)
    else:
        manifest = from_states(table, LABELS, states, folder, boxes)
    return manifest, prepare(manifest, size, store=folder / "prepared", channels=1, workers=1)
