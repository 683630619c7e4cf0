"""VinDr-CXR (Nguyen et al. 2022), as on PhysioNet and as in the Kaggle contest VinBigData (14 findings).

Three of 17 radiologists read each training image; five agreed on each test image (no `rad_id`: one reader here).
The merging rule is `reader_votes.py`'s.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.boxes import SIDES
from longtail.data.manifest import BOX_COLUMNS, Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.box_frames import numbers_of, rescaled, sizes_of
from longtail.data.readers.published import anywhere, find_files, locate, read_published, states_of
from longtail.data.readers.reader_votes import NO_FINDING, merged_boxes, voted_states
from longtail.errors import UserError, unknown_name

PUBLICATION = "VinDr-CXR (Nguyen et al. 2022)"
KAGGLE = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Consolidation", "ILD", "Infiltration",
    "Lung Opacity", "Nodule/Mass", "Other lesion", "Pleural effusion", "Pleural thickening", "Pneumothorax",
    "Pulmonary fibrosis", NO_FINDING,
)  # fmt: skip
LOCAL = (
    "Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture", "Consolidation", "Edema",
    "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity", "Lung cavity", "Lung cyst", "Mediastinal shift",
    "Nodule/Mass", "Pleural effusion", "Pleural thickening", "Pneumothorax", "Pulmonary fibrosis", "Rib fracture",
    "Other lesion",
)  # fmt: skip
GLOBAL = ("COPD", "Lung tumor", "Pneumonia", "Tuberculosis", "Other diseases", NO_FINDING)
_ALIASES = {"Other disease": "Other diseases"}  # the test files write the singular
_CORNERS = ("x_min", "y_min", "x_max", "y_max")
_FILES = {
    "train": (anywhere("annotations_train.csv", "train.csv"), anywhere("image_labels_train.csv")),
    "test": (anywhere("annotations_test.csv"), anywhere("image_labels_test.csv")),
}


@READERS.register(
    "vindr",
    publication="Nguyen et al. 2022",
    files="train.csv (Kaggle) or annotations_{train,test}.csv, image_labels_{train,test}.csv (PhysioNet)",
)
def read_vindr(root: Path, out: Path, *, agree: int = 2, iou: float = 0.5) -> Manifest:  # noqa: ARG001
    """VinDr-CXR, Kaggle or PhysioNet form: three readers merged by majority, with their boxes.

    A finding is present when at least `agree` of an image's readers (all, where it has fewer) marked it, else absent.
    "No finding" is present when `agree` readers said so and no finding is present. Boxes of one label that overlap by
    `iou` or more are one finding: the mean box stays when `agree` readers drew it. Where `train_meta.csv` (image_id,
    dim0 = height, dim1 = width) gives the original sizes, boxes are scaled to the resized images.
    """
    if agree not in (1, 2, 3):
        raise UserError(f"option 'agree' of 'vindr' is {agree}; an image has three readers: write 1, 2 or 3.")
    if not 0 < iou <= 1:
        raise UserError(f"option 'iou' of 'vindr' is {iou}; write a number above 0, up to 1.")
    tables, states, boxes = [], [], []
    parts = _marks(root)
    stated = {name for _, names in parts.values() for name in names}
    order = KAGGLE if stated <= set(KAGGLE) else (*LOCAL, *GLOBAL)
    labels = [name for name in order if name in stated]
    for split, (rows, names) in parts.items():
        images = list(dict.fromkeys(rows["image"]))
        tables.append(pd.DataFrame({"image": images, "source": "vindr", "split": split}))
        known = np.array([0.0 if name in names else np.nan for name in labels], dtype=np.float32)
        states.append(voted_states(rows, images, labels, agree) + known)  # nan: a label that this file cannot state
        boxes.append(merged_boxes(rows, agree, iou))
    table = pd.concat(tables, ignore_index=True)
    published = table["image"].tolist()
    table["image"] = locate(published, root)
    found = _placed(pd.concat(boxes, ignore_index=True), dict(zip(published, table["image"], strict=True)), root)
    return from_states(table, labels, np.concatenate(states), root, found)


def _marks(root: Path) -> dict[str, tuple[pd.DataFrame, set[str]]]:
    """For each split the columns image, reader, label and (nan where none) the box sides; and the labels it can state.

    A row stands for a mark of one reader; a reader without marks has one row whose label is ''.
    """
    marks = {}
    for split, (boxes, images) in _FILES.items():
        parts = [_annotations(paths[0]) for paths in [find_files(root, boxes)] if paths]
        parts += [_image_labels(paths[0]) for paths in [find_files(root, images)] if paths]
        if parts:
            frames, stated = zip(*parts, strict=True)
            marks[split] = pd.concat(frames, ignore_index=True), set().union(*stated)
    if not marks:
        raise UserError(
            f"no file train.csv (Kaggle), annotations_train.csv or image_labels_train.csv (PhysioNet) in '{root}'; that"
            f" is what {PUBLICATION} publishes: give the folder that holds it with --root."
        )
    return marks


def _annotations(path: Path) -> tuple[pd.DataFrame, set[str]]:
    """Marks of a file with a row for each box, and the labels that its form can state."""
    rows = read_published(path, ("image_id", "class_name", *_CORNERS), PUBLICATION)
    names = rows["class_name"].replace(_ALIASES)
    valid = KAGGLE if "class_id" in rows else (*LOCAL, *GLOBAL)
    if strangers := sorted(set(names) - set(valid)):
        raise unknown_name("class_name", strangers[0], valid, f"'{path}'")
    drawn = (rows[list(_CORNERS)] != "").any(axis=1)
    sides = np.full((len(rows), 4), np.nan)
    sides[drawn.to_numpy()] = numbers_of(rows[drawn], _CORNERS, path)
    stated = KAGGLE if "class_id" in rows else (*LOCAL, NO_FINDING)
    return _frame(rows, names, sides), {*stated, *names}


def _image_labels(path: Path) -> tuple[pd.DataFrame, set[str]]:
    """Marks of a file with a row for each reader and a column for each label, and those labels."""
    rows = read_published(path, ("image_id", NO_FINDING), PUBLICATION, aliases=_ALIASES)
    labels = [name for name in rows.columns if name not in ("image_id", "rad_id")]
    if strangers := [name for name in labels if name not in (*LOCAL, *GLOBAL)]:
        raise unknown_name("label column", strangers[0], (*LOCAL, *GLOBAL), f"'{path}'")
    states = states_of(rows, labels, path)
    at, which = np.nonzero(states == 1)
    silent = np.flatnonzero(~(states == 1).any(axis=1))
    names = pd.Series([*(labels[i] for i in which), *[""] * len(silent)], dtype="str")
    seen = rows.iloc[np.concatenate([at, silent])].reset_index(drop=True)
    return _frame(seen, names, np.full((len(seen), 4), np.nan)), set(labels)


def _frame(rows: pd.DataFrame, labels: "pd.Series[str]", sides: npt.NDArray[np.float64]) -> pd.DataFrame:
    readers = rows["rad_id"].to_numpy() if "rad_id" in rows else "consensus"
    marks = pd.DataFrame({"image": rows["image_id"].to_numpy(), "reader": readers, "label": labels.to_numpy()})
    return marks.assign(**{side: sides[:, i] for i, side in enumerate(SIDES)})


def _placed(boxes: pd.DataFrame, place: dict[str, str], root: Path) -> pd.DataFrame:
    """Boxes of image files, in their pixels."""
    if meta := find_files(root, anywhere("train_meta.csv")):
        rows = read_published(meta[0], ("image_id", "dim0", "dim1"), "the resized copies of VinDr-CXR")
        frames = pd.DataFrame(numbers_of(rows, ("dim1", "dim0"), meta[0]), index=rows["image_id"])
        known = frames[~frames.index.duplicated()].reindex(boxes["image"]).to_numpy()
        boxes[list(SIDES)] = rescaled(boxes[list(SIDES)].to_numpy(), known, sizes_of(boxes["image"].map(place), root))
    return boxes.assign(image=boxes["image"].map(place))[list(BOX_COLUMNS)].astype({"image": "str", "label": "str"})
