"""CheXpert (Irvin et al. 2019): 224,316 images of 65,240 patients, 14 labels mined from reports.

`train.csv` is the split train, `valid.csv` (200 studies, three radiologists) is val, `test.csv` (if there) is test.
Patient and study come from the path (`.../patient00001/study1/view1_frontal.jpg`); every patient has a `study1`, so a
study is named `patient00001/study1`. The view is AP/PA's value, FRONTAL where a frontal image has none, LATERAL for a
lateral one. Paths begin with the name of the release's folder, which may be `--root` itself or lie in it; images are
found by patient, study and view, so other folders (the full-size release has several) and suffixes do.
What cells mean, and the options `uncertain` and `blank`: see `chexpert_labels`.
"""

from pathlib import Path

import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.chexpert_labels import LABELS
from longtail.data.readers.parts import Part, read_parts, rows_of, states_of_parts
from longtail.data.readers.placing import placed
from longtail.data.readers.published import BlankPolicy, anywhere
from longtail.data.states import UncertainPolicy
from longtail.data.tables import row_place
from longtail.errors import UserError

PUBLICATION = "Irvin et al. 2019, CheXpert"
_FILES = {
    "train": anywhere("train.csv"),
    "val": anywhere("valid.csv"),
    "test": anywhere("test.csv", "test_labels.csv"),
}
_COLUMNS = {"image": "Path", "view": "AP/PA", "plane": "Frontal/Lateral", "sex": "Sex", "age": "Age"}
_PLACE = r"(patient\d+)/(study\d+)/view\d+_(\w+)\.\w+$"


@READERS.register("chexpert", publication=PUBLICATION, files="train.csv, valid.csv, test.csv, train/, valid/, test/")
def read_chexpert(
    root: Path, _out: Path, *, uncertain: UncertainPolicy = "unknown", blank: BlankPolicy = "negative"
) -> Manifest:
    """CheXpert: 14 labels with uncertain ones, frontal and lateral views, train, valid (val) and test files."""
    parts = read_parts(root, _FILES, ["Path"], PUBLICATION)
    states = states_of_parts(parts, LABELS, PUBLICATION, uncertain=uncertain, blank=blank)
    published = rows_of(parts, _COLUMNS)
    where = pd.concat([_places(part) for part in parts], ignore_index=True)
    table = pd.DataFrame(
        {
            "image": placed([name for part in parts for name in _from_root(part, root)], root, parts=3),
            "patient": where[0],
            "study": where[0] + "/" + where[1],
            "view": _views(published, where[2]),
            "source": "chexpert",
            "split": published["split"],
            "age": published["age"],
            "sex": published["sex"],
        }
    )
    return from_states(table, LABELS, states, root)


def _places(part: Part) -> pd.DataFrame:
    """Patient, study and plane of each path."""
    where = part.table["Path"].str.extract(_PLACE)
    if (bad := where[0].isna().to_numpy()).any():
        row = int(bad.argmax())
        raise UserError(
            f"{row_place(part.path, row)} of '{part.path}' has the path '{part.table['Path'].iloc[row]}'; the form of"
            f" {PUBLICATION} was expected: .../patient00001/study1/view1_frontal.jpg."
        )
    return where


def _views(published: pd.DataFrame, plane: "pd.Series[str]") -> "pd.Series[str]":
    stated = published["plane"].where(published["plane"] != "", plane).str.upper()
    frontal = published["view"].where(published["view"] != "", "FRONTAL")
    return frontal.where(stated != "LATERAL", "LATERAL")


def _from_root(part: Part, root: Path) -> list[str]:
    """Published paths from `root`: they begin with the folder that holds the label file."""
    folder = part.path.parent.relative_to(root).as_posix()
    prefix = "" if folder == "." else f"{folder}/"
    return (prefix + part.table["Path"].str.replace(r"^CheXpert[^/]*/", "", regex=True)).tolist()
