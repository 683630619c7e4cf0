"""ISIC 2018 task 3 (Codella et al. 2019): the challenge built on HAM10000, its training, validation and test files.

Patients are not published. Lesion ids come from `ISIC2018_Task3_Training_LesionGroupings.csv` or from
`HAM10000_metadata.csv`, where one of them lies in the same folder; several training images show one lesion.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import UNKNOWN_CLASS, Manifest, from_classes
from longtail.data.readers import READERS
from longtail.data.readers.published import find_files, locate, read_published, states_of
from longtail.data.tables import row_place
from longtail.errors import UserError, unknown_name

PUBLICATION = "ISIC 2018 task 3"
DIAGNOSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
_SPLITS = {"Training": "train", "Validation": "val", "Test": "test"}


@READERS.register(
    "isic2018",
    publication="Codella et al. 2019",
    files="ISIC2018_Task3_{Training,Validation,Test}_GroundTruth.csv, ..._Input/",
)
def read_isic2018(root: Path, out: Path) -> Manifest:  # noqa: ARG001
    """ISIC 2018 task 3: 7 diagnoses, splits by file, lesion ids where they are known (patients are unknown).

    The test file may be the challenge's (one column per diagnosis) or the Dataverse's (`dx`, with lesion ids).
    """
    files = [(split, path) for name, split in _SPLITS.items() if (path := _ground_truth(root, name)) is not None]
    if not files:
        raise UserError(
            f"no file ISIC2018_Task3_Training_GroundTruth.csv (or Validation, Test) in '{root}'; that is what"
            f" {PUBLICATION} publishes: give the folder that holds it with --root."
        )
    parts = [_part(path, split) for split, path in files]
    table = pd.concat([part for part, _ in parts], ignore_index=True)
    lesions = _lesions(root)
    table["lesion"] = table["lesion"].where(table["lesion"] != "", [lesions.get(name, "") for name in table["image"]])
    table["image"] = locate(table["image"], root)
    if not (table["lesion"] != "").any():
        table = table.drop(columns="lesion")
    return from_classes(table, DIAGNOSES, np.concatenate([classes for _, classes in parts]), root)


def _ground_truth(root: Path, name: str) -> Path | None:
    found = find_files(root, [f"**/ISIC2018_Task3_{name}_GroundTruth*.csv"])
    return found[0] if found else None


def _part(path: Path, split: str) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """One file's image, source, lesion and split, and each row's class."""
    rows = read_published(path, (), PUBLICATION)
    if "dx" in rows:
        rows = read_published(path, ("lesion_id", "image_id", "dx"), f"{PUBLICATION} on Dataverse")
        images, lesions, classes = rows["image_id"], rows["lesion_id"], _of_names(rows["dx"], path)
    else:
        rows = read_published(path, ("image", *DIAGNOSES), PUBLICATION)
        images, lesions, classes = rows["image"], pd.Series("", index=rows.index), _of_one_hot(rows, path)
    return pd.DataFrame({"image": images, "source": "isic2018", "lesion": lesions, "split": split}), classes


def _of_names(names: "pd.Series[str]", path: Path) -> npt.NDArray[np.int64]:
    codes = pd.Index(DIAGNOSES).get_indexer(pd.Index(names.str.upper()))
    strangers = np.flatnonzero(codes == UNKNOWN_CLASS)
    if len(strangers):
        raise unknown_name("diagnosis", str(names.iloc[int(strangers[0])]), DIAGNOSES, f"column 'dx' of '{path}'")
    return np.array(codes, dtype=np.int64)


def _of_one_hot(rows: pd.DataFrame, path: Path) -> npt.NDArray[np.int64]:
    states = states_of(rows, DIAGNOSES, path)
    ones = (states == 1).sum(axis=1)
    bad = np.flatnonzero(ones != 1)
    if len(bad):
        raise UserError(
            f"{row_place(path, int(bad[0]))} of '{path}' has {ones[bad[0]]} diagnoses ({len(bad):,} such rows); in"
            f" {PUBLICATION} each image has exactly one."
        )
    return np.asarray(np.argmax(states == 1, axis=1), dtype=np.int64)


def _lesions(root: Path) -> dict[str, str]:
    """Lesion ids by image name, from whichever published table is there."""
    known: dict[str, str] = {}
    tables = {"image_id": "**/HAM10000_metadata*.csv", "image": "**/ISIC2018_Task3_*_LesionGroupings.csv"}
    for column, pattern in tables.items():
        for path in find_files(root, [pattern]):
            rows = read_published(path, (column, "lesion_id"), PUBLICATION)
            known.update(zip(rows[column], rows["lesion_id"], strict=True))
    return known
