"""HAM10000 (Tschandl, Rosendahl, Kittler 2018): 10,015 dermatoscopic images, 7 diagnoses, 7,470 lesions.

Several photographs show one lesion, so a split by image leaks: split by the column `lesion`. Patients are not
published.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from longtail.data.boxes import SIDES
from longtail.data.images.decode import image_size
from longtail.data.manifest import BOX_COLUMNS, Manifest, from_classes
from longtail.data.readers import READERS
from longtail.data.readers.box_frames import numbers_of, rescaled, sizes_of
from longtail.data.readers.published import find_file, find_files, locate, read_published
from longtail.errors import unknown_name

PUBLICATION = "HAM10000 (Tschandl et al. 2018)"
DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
_MASK = "_segmentation"


@READERS.register(
    "ham10000",
    publication="Tschandl et al. 2018",
    files="HAM10000_metadata.csv, HAM10000_images_part_*/, masks or boxes*.csv",
)
def read_ham10000(root: Path, out: Path, *, boxes: Literal["auto", "none"] = "auto") -> Manifest:  # noqa: ARG001
    """HAM10000: 10,015 skin lesions in 7 diagnoses, with lesion ids (split by `lesion`; patients are unknown).

    Boxes come from a `boxes*.csv` (image_id, left, top, right, bottom) in `root`, whose name may say the frame they
    are in (`boxes_600x450.csv`); else from the published masks (`*_segmentation.png`). They are scaled to the images.
    """
    path = find_file(root, ["**/HAM10000_metadata*.csv", "**/HAM10000_metadata*"], PUBLICATION)
    rows = read_published(path, COLUMNS, PUBLICATION)
    strangers = sorted(set(rows["dx"]) - set(DIAGNOSES))
    if strangers:
        raise unknown_name("diagnosis", strangers[0], DIAGNOSES, f"column 'dx' of '{path}'")
    images = locate(rows["image_id"], root)
    table = pd.DataFrame({"image": images, "source": "ham10000", "lesion": rows["lesion_id"]})
    extras = [name for name in rows.columns if name not in ("lesion_id", "image_id", "dx")]
    table = pd.concat([table, rows[extras]], axis=1)
    place = dict(zip(rows["image_id"], images, strict=True))
    found = None if boxes == "none" else _boxes(root, place)
    if found is not None:
        label = dict(zip(images, rows["dx"], strict=True))
        found.insert(1, "label", found["image"].map(label))
        found = found[list(BOX_COLUMNS)]
    classes = pd.Index(DIAGNOSES).get_indexer(pd.Index(rows["dx"]))
    return from_classes(table, DIAGNOSES, classes, root, found)


def _boxes(root: Path, place: dict[str, str]) -> pd.DataFrame | None:
    """image, left, top, right, bottom in pixels of each image, from a table or from masks; None without either."""
    if tables := find_files(root, ["boxes*.csv"]):
        return _boxes_of_table(tables[0], root, place)
    masks = find_files(root, [f"**/*{_MASK}.png"])
    return _boxes_of_masks(masks, root, place) if masks else None


def _boxes_of_table(path: Path, root: Path, place: dict[str, str]) -> pd.DataFrame:
    rows = read_published(path, ("image_id", *SIDES), "a table of boxes, image_id, left, top, right, bottom,")
    rows = rows[rows["image_id"].isin(place)]
    images = rows["image_id"].map(place)
    sides = numbers_of(rows, SIDES, path)
    if frame := re.search(r"(\d+)x(\d+)", path.stem):
        frames = np.full((len(rows), 2), [float(side) for side in frame.groups()])
        sides = rescaled(sides, frames, sizes_of(images, root))
    return pd.DataFrame({"image": images.to_numpy(), **{side: sides[:, i] for i, side in enumerate(SIDES)}})


def _boxes_of_masks(masks: list[Path], root: Path, place: dict[str, str]) -> pd.DataFrame:
    wanted = [mask for mask in masks if mask.stem.removesuffix(_MASK) in place]
    with ThreadPoolExecutor(cpu_count()) as pool:
        rows = list(pool.map(lambda mask: _box_of_mask(mask, root, place[mask.stem.removesuffix(_MASK)]), wanted))
    return pd.DataFrame([row for row in rows if row], columns=["image", *SIDES])


def _box_of_mask(mask: Path, root: Path, image: str) -> tuple[str, float, float, float, float] | None:
    """The box around a mask's white pixels, in pixels of its image; None for an empty mask."""
    from PIL import Image

    with Image.open(mask) as opened:
        box, (width, height) = opened.convert("L").getbbox(), opened.size
    if box is None:
        return None
    size = (image_size(root / image) if (root / image).exists() else None) or (width, height)
    x, y = size[0] / width, size[1] / height
    return image, box[0] * x, box[1] * y, box[2] * x, box[3] * y
