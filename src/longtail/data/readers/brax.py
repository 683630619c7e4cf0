"""BRAX (Reis et al. 2022): 40,967 images of a Brazilian hospital, the 14 labels of the CheXpert labeller.

The header of `master_spreadsheet_update.csv` is not public word for word; public parsers agree on an unnamed index,
`DicomPath, PngPath, PatientID, PatientSex, PatientAge, AccessionNumber, StudyDate`, the 14 labels, `ViewPosition,
Rows, Columns, Manufacturer`. Needed here are PngPath, ViewPosition and the labels; patient and study come from the
path (`images/id_<patient>/Study_<uid>/...`) where their columns are absent. AccessionNumber need not be unique over
patients, so a study is named patient/accession. There are no official splits. Ages are groups of five years
(`85 or more`).
What cells mean, and the options `uncertain` and `blank`: see `chexpert_labels`.
"""

from pathlib import Path

import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.chexpert_labels import LABELS
from longtail.data.readers.placing import placed
from longtail.data.readers.published import BlankPolicy, anywhere, find_file, read_published, states_of
from longtail.data.states import UncertainPolicy
from longtail.data.tables import row_place
from longtail.errors import UserError

PUBLICATION = "Reis et al. 2022, BRAX"


@READERS.register("brax", publication=PUBLICATION, files="master_spreadsheet_update.csv, images/")
def read_brax(
    root: Path, _out: Path, *, uncertain: UncertainPolicy = "unknown", blank: BlankPolicy = "negative"
) -> Manifest:
    """BRAX: 14 labels with uncertain ones, several views; no official splits."""
    path = find_file(root, anywhere("master_spreadsheet_update.csv", "master_spreadsheet.csv"), PUBLICATION)
    published = read_published(path, ["PngPath", "ViewPosition", *LABELS], PUBLICATION)
    where = published["PngPath"].str.extract(r"id_([^/]+)/(?:Study_([^/]+)/)?")
    patient = published.get("PatientID", where[0]).map(_without_prefix, na_action="ignore")
    if patient.isna().any():
        row = int(patient.isna().to_numpy().argmax())
        raise UserError(
            f"{row_place(path, row)} of '{path}' tells no patient: the form of {PUBLICATION} has a column 'PatientID'"
            " or paths images/id_<patient>/Study_<uid>/..."
        )
    blank_cells = pd.Series("", index=published.index)
    table = pd.DataFrame(
        {
            "image": placed(published["PngPath"], root),
            "patient": patient,
            "study": patient + "/" + published.get("AccessionNumber", where[1].fillna("")),
            "view": published["ViewPosition"],
            "source": "brax",
            "age": published.get("PatientAge", blank_cells),
            "sex": published.get("PatientSex", blank_cells),
        }
    )
    return from_states(table, LABELS, states_of(published, LABELS, path, uncertain=uncertain, blank=blank), root)


def _without_prefix(patient: str) -> str:
    return patient.removeprefix("id_")
