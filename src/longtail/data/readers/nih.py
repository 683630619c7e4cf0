"""NIH ChestX-ray14 (Wang et al. 2017): 112,120 frontal images of 30,805 patients, 14 findings mined from reports.

Read are the form of 2020 (`Data_Entry_2017_v2020.csv`, whose header holds commas inside brackets), the first form
(`Data_Entry_2017.csv`, ages as `058Y`) and the Kaggle sample's `sample_labels.csv` (underscores instead of blanks).
A finding that is not listed is absent; `No Finding` stays a label of its own, as published.

Boxes (`BBox_List_2017.csv`, 984 of them) are published as x, y, width, height in images of 1024 x 1024 and call
Infiltration `Infiltrate`. Here they become left, top, right, bottom in the pixels of the image file that is there; a
box of an image that is not there yet stays in the published frame. `train_val_list.txt` and `test_list.txt` give the
official splits `train` and `test`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.nih_boxes import read_nih_boxes
from longtail.data.readers.placing import placed
from longtail.data.readers.published import anywhere, find_file, find_files, read_published, states_of_lists
from longtail.data.tables import row_place
from longtail.errors import UserError, listing, nearest

PUBLICATION = "Wang et al. 2017, NIH ChestX-ray14"
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax", "No Finding",
)  # fmt: skip
_COLUMNS = {  # manifest: published
    "image": "Image Index",
    "patient": "Patient ID",
    "view": "View Position",
    "age": "Patient Age",
    "sex": "Patient Gender",
    "follow_up": "Follow-up #",
}
_FINDINGS = "Finding Labels"
_SAMPLE_FORM = {"Image_Index": "Image Index", "Finding_Labels": _FINDINGS}


@READERS.register(
    "nih",
    publication=PUBLICATION,
    files="Data_Entry_2017*.csv or sample_labels.csv, BBox_List_2017.csv, train_val_list.txt, test_list.txt, images*/",
)
def read_nih(root: Path, _out: Path) -> Manifest:
    """NIH ChestX-ray14: 14 findings, boxes for 8 of them, official train and test lists."""
    path = find_file(root, anywhere("Data_Entry_2017_v2020.csv", "Data_Entry*.csv", "sample_labels.csv"), PUBLICATION)
    published = read_published(path, [*_COLUMNS.values(), _FINDINGS], PUBLICATION, aliases=_SAMPLE_FORM)
    table = published[list(_COLUMNS.values())].set_axis(list(_COLUMNS), axis="columns")
    table.insert(4, "source", "nih")
    if (split := _official_split(root, table["image"])) is not None:
        table.insert(5, "split", split)
    table["age"] = years(table["age"])
    findings = [_names(text) for text in published[_FINDINGS]]
    _require_known(findings, path)
    names = table["image"].tolist()
    table["image"] = placed(names, root)
    boxes = read_nih_boxes(root, dict(zip(names, table["image"], strict=True)), LABELS)
    return from_states(table, LABELS, states_of_lists(findings, LABELS), root, boxes)


def years(ages: "pd.Series[str]") -> "pd.Series[str]":
    """Ages in whole years: `058Y` is 58, `018M` is 1, `020D` is 0; other text stays."""
    parts = ages.str.extract(r"^0*(\d+)([YMD]?)$")
    per_year = parts[1].map({"": 1, "Y": 1, "M": 12, "D": 365})
    whole = pd.to_numeric(parts[0]) // per_year
    known = whole.notna()
    return whole.where(known, 0).astype(np.int64).astype("str").where(known, ages)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split("|") if name.strip()]


def _require_known(findings: list[list[str]], path: Path) -> None:
    for row, names in enumerate(findings):
        for name in names:
            if name not in LABELS:
                guess = nearest(name, LABELS)
                hint = f" Did you mean '{guess}'?" if guess else ""
                raise UserError(
                    f"{row_place(path, row)}, column '{_FINDINGS}' of '{path}' names the finding '{name}', which"
                    f" {PUBLICATION} does not have.{hint} Valid: {listing(LABELS, 20)}."
                )


def _official_split(root: Path, images: "pd.Series[str]") -> "pd.Series[str] | None":
    """`train` and `test` by the official lists, '' for an image in neither; None where there are no lists."""
    split = pd.Series("", index=images.index, dtype="str")
    lists = {
        "train": find_files(root, anywhere("train_val_list*.txt")),
        "test": find_files(root, anywhere("test_list*.txt")),
    }
    for part, paths in lists.items():
        if paths:
            stems = {Path(line.strip()).stem for line in paths[0].read_text(encoding="utf-8-sig").splitlines()}
            split = split.mask(images.map(lambda name: Path(name).stem).isin(stems), part)
    return split if any(lists.values()) else None
