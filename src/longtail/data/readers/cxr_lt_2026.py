"""CXR-LT 2026: 30 labels on PadChest images, with radiologists' labels for the held-out ones.

`CXRLT_2026_training.csv` has `ImageID, StudyDate_DICOM, PatientID` and then a column of 0 and 1 per label; the label
set is what the header holds. Development and test files are taken where they carry the same columns (their names are
inferred from the training file's). There are no study ids: a patient's images of one date are taken as a study. Images
are PadChest's, found by name in any folder; name that folder with `images=DIR` when the labels are kept apart.

PatientID has up to 39 digits. A file that went through a spreadsheet or a float column holds `3.24e+38` instead, which
makes one patient of many and lets patients leak between splits: that is refused.
"""

from pathlib import Path

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.parts import Part, read_parts, rows_of, states_of_parts
from longtail.data.readers.placing import image_root, placed
from longtail.data.readers.published import anywhere
from longtail.data.tables import row_place
from longtail.errors import UserError

PUBLICATION = "CXR-LT 2026 (ISBI 2026)"
_COLUMNS = {"image": "ImageID", "patient": "PatientID", "study": "StudyDate_DICOM"}
_FILES = {
    "train": anywhere("CXRLT_2026_training.csv", "CXRLT_2026_train*.csv"),
    "val": anywhere("CXRLT_2026_development*.csv", "CXRLT_2026_dev*.csv", "CXRLT_2026_val*.csv"),
    "test": anywhere("CXRLT_2026_test*.csv"),
}
_OTHERS = {*_COLUMNS.values(), "ImageDir", "StudyID", "split", ""}  # not labels


@READERS.register("cxr-lt-2026", publication=PUBLICATION, files="CXRLT_2026_training.csv, PadChest's images")
def read_cxr_lt_2026(root: Path, _out: Path, *, images: Path | None = None) -> Manifest:
    """CXR-LT 2026: the labels of the training file's header (30) on PadChest images."""
    parts = read_parts(root, _FILES, _COLUMNS.values(), PUBLICATION)
    for part in parts:
        _require_whole_ids(part)
    labels = [name for name in parts[0].table.columns if name not in _OTHERS and not name.startswith("Unnamed")]
    if not labels:
        raise UserError(
            f"'{parts[0].path}' has no label columns after {', '.join(_COLUMNS.values())}; is it {PUBLICATION}?"
        )
    table = rows_of(parts, _COLUMNS).assign(source="cxr-lt-2026")
    table["study"] = table["patient"] + "/" + table["study"]
    start = image_root(root, images)
    table["image"] = placed(table["image"], start)
    return from_states(table, labels, states_of_parts(parts, labels, PUBLICATION), start)


def _require_whole_ids(part: Part) -> None:
    rounded = part.table["PatientID"].str.contains(r"^\d+(?:\.\d+)?[eE]\+?\d+$").to_numpy()
    if rounded.any():
        row = int(rounded.argmax())
        raise UserError(
            f"{row_place(part.path, row)}, column 'PatientID' of '{part.path}' holds"
            f" '{part.table['PatientID'].iloc[row]}', an id rounded by a spreadsheet or a float column, which makes one"
            " patient of many; use the file as published."
        )
