"""The boxes of NIH ChestX-ray14, from the published frame to the pixels of the image files.

The header of `BBox_List_2017.csv` is split by its own commas (`Bbox [x,y,w,h],,,`: nine names over six cells), which no
table reader takes; with fewer than a thousand rows, Python's csv module reads it by position.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from longtail.data.boxes import box_table
from longtail.data.images.decode import image_size
from longtail.data.readers.published import anywhere, find_files
from longtail.errors import UserError, listing

PUBLISHED_SIDE = 1024  # pixels of the published images, in which boxes are given
_HEADER = ("Image Index", "Finding Label", "Bbox [x", "y", "w", "h]")
_OLD_NAMES = {"Infiltrate": "Infiltration"}


def read_nih_boxes(root: Path, images: Mapping[str, str], labels: Sequence[str]) -> pd.DataFrame | None:
    """The box table, or None where no box file is; `images` maps published names to paths from `root`.

    Boxes of images that are no rows of the label file are left out, so that a subset can keep the whole box file.
    """
    paths = find_files(root, anywhere("BBox_List_2017.csv", "BBox_*.csv"))
    if not paths:
        return None
    rows = []
    sizes: dict[str, tuple[int, int]] = {}
    for name, label, frame in _box_rows(paths[0], labels):
        if (image := images.get(name)) is not None:
            if image not in sizes:
                sizes[image] = image_size(root / image) or (PUBLISHED_SIDE, PUBLISHED_SIDE)
            rows.append((image, label, *in_pixels(frame, sizes[image])))
    return box_table(rows)


def in_pixels(frame: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """`(x, y, width, height)` in the published frame as `(left, top, right, bottom)` in an image of `size`, clipped."""
    x, y, width, height = frame
    across, down = size[0] / PUBLISHED_SIDE, size[1] / PUBLISHED_SIDE
    left, right = max(x, 0.0) * across, min(x + width, PUBLISHED_SIDE) * across
    top, bottom = max(y, 0.0) * down, min(y + height, PUBLISHED_SIDE) * down
    return left, top, right, bottom


def _box_rows(path: Path, labels: Sequence[str]) -> list[tuple[str, str, tuple[float, float, float, float]]]:
    """`(published image name, label, (x, y, width, height))` of each row."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise UserError(f"'{path}' is not UTF-8; download it again.") from error
    if not lines or tuple(cell.strip() for cell in lines[0][:6]) != _HEADER:
        raise UserError(
            f"'{path}' does not begin with 'Image Index,Finding Label,Bbox [x,y,w,h]', the form of NIH ChestX-ray14's"
            " box list; download it again or move it away."
        )
    return [_box_row(cells, number, path, labels) for number, cells in enumerate(lines[1:], 2) if any(cells)]


def _box_row(
    cells: list[str], number: int, path: Path, labels: Sequence[str]
) -> tuple[str, str, tuple[float, float, float, float]]:
    try:
        x, y, width, height = (float(cell) for cell in cells[2:6])
    except ValueError as error:
        raise UserError(f"line {number} of '{path}' holds {listing(cells[2:6])} where four numbers belong.") from error
    label = _OLD_NAMES.get(cells[1].strip(), cells[1].strip())
    if label not in labels:
        raise UserError(f"line {number} of '{path}' names the finding '{label}'; valid: {listing(labels, 20)}.")
    return cells[0].strip(), label, (x, y, width, height)
