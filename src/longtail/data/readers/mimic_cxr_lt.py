"""MIMIC-CXR-LT (Holste et al. 2022): one of 19 classes per image, and its multi-label form of MICCAI 2023.

The single-label files (`mimic-cxr-lt_single-label_train.csv`, `_balanced-val`, `_balanced-test`, `_test`) have a column
per class with exactly one 1 in each row. An image of the balanced test file that is also in the full one is kept once;
the extra column `subset` says from which file a row came, so that the balanced test can be picked out. The multi-label
files (`miccai2023_mimic-cxr-lt_labels_*.csv`) hold the same columns with any number of ones: `form=multi`.

Paths start from MIMIC-CXR-JPG (`files/p10/...`); name that folder with `images=DIR` when it is another one.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.data.readers import READERS
from longtail.data.readers.parts import Part, read_parts, rows_of, states_of_parts
from longtail.data.readers.placing import image_root, placed
from longtail.data.readers.published import anywhere
from longtail.data.tables import row_place
from longtail.errors import UserError

PUBLICATION = "Holste et al. 2022, MIMIC-CXR-LT"
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture", "Lung Lesion",
    "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia", "Pneumothorax", "Support Devices",
    "Pneumoperitoneum", "Pneumomediastinum", "Subcutaneous Emphysema", "Tortuous Aorta", "Calcification of the Aorta",
)  # fmt: skip
_COLUMNS = {"image": "path", "patient": "subject_id", "study": "study_id", "dicom_id": "dicom_id"}
_SINGLE = {"train": "train", "balanced-val": "val", "balanced-test": "test", "test": "test"}  # file: split
_MULTI = {"train": "train", "val": "val", "test": "test"}


@READERS.register(
    "mimic-cxr-lt",
    publication=PUBLICATION,
    files="mimic-cxr-lt_single-label_*.csv or miccai2023_mimic-cxr-lt_labels_*.csv, files/p10/...",
)
def read_mimic_cxr_lt(
    root: Path, _out: Path, *, form: Literal["single", "multi"] = "single", images: Path | None = None
) -> Manifest:
    """MIMIC-CXR-LT: 19 classes, one per image (form=single) or any number (form=multi), official splits."""
    files, name = (
        (_SINGLE, "mimic-cxr-lt_single-label_{}.csv") if form == "single" else (_MULTI, "*mimic-cxr-lt_labels_{}.csv")
    )
    patterns = {subset: anywhere(name.format(subset)) for subset in files}
    parts = read_parts(root, patterns, _COLUMNS.values(), PUBLICATION)
    table = rows_of(parts, _COLUMNS).rename(columns={"split": "subset"}).assign(source="mimic-cxr-lt")
    table.insert(4, "split", table["subset"].map(files))
    keep = np.flatnonzero(~table["image"].duplicated())
    start = image_root(root, images)
    table["image"] = placed(table["image"], start)
    states = states_of_parts(parts, LABELS, PUBLICATION)
    if form == "single":
        return from_classes(table, LABELS, _classes(states, parts), start).select(keep)
    return from_states(table, LABELS, states, start).select(keep)


def _classes(states: npt.NDArray[np.float32], parts: list[Part]) -> npt.NDArray[np.int64]:
    """The class of each row, `(N,)`; a row without exactly one 1 is named."""
    bad = np.flatnonzero((states == 1).sum(axis=1) != 1)
    if len(bad):
        row = int(bad[0])
        for part in parts:
            if row < len(part.table):
                raise UserError(
                    f"{row_place(part.path, row)} of '{part.path}' has {int((states[bad[0]] == 1).sum())} classes; the"
                    " single-label form has one per image: read the multi-label files with form=multi."
                )
            row -= len(part.table)
    return np.asarray(states.argmax(axis=1), dtype=np.int64)
