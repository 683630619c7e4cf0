"""MIMIC-CXR-JPG (Johnson et al. 2019): 377,110 images of 65,379 patients, 14 labels per study mined from reports.

Three tables are joined: `mimic-cxr-2.0.0-metadata.csv` (a row per image), `-chexpert.csv` (a row per labelled study; or
`-negbio.csv` with `labeller=negbio`) and `-split.csv` (train, validate = val, test), each `.csv` or `.csv.gz`. Labels
belong to studies: every image of one has the same, and images of the few studies without a row there are unknown. Study
ids are numbers without the letter s, as published; images are `files/p10/p<subject>/s<study>/<dicom>.jpg`.
What cells mean, and the options `uncertain` and `blank`: see `chexpert_labels`.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.chexpert_labels import LABELS
from longtail.data.readers.placing import image_root, placed
from longtail.data.readers.published import BlankPolicy, anywhere, find_file, find_files, read_published, states_of
from longtail.data.states import UncertainPolicy
from longtail.errors import UserError

PUBLICATION = "Johnson et al. 2019, MIMIC-CXR-JPG"
_SPLITS = {"train": "train", "validate": "val", "test": "test"}


@READERS.register(
    "mimic-cxr",
    publication=PUBLICATION,
    files="mimic-cxr-2.0.0-{metadata,chexpert,split}.csv[.gz], files/p10/p<subject>/s<study>/<dicom>.jpg",
)
def read_mimic_cxr(
    root: Path,
    _out: Path,
    *,
    uncertain: UncertainPolicy = "unknown",
    blank: BlankPolicy = "negative",
    labeller: Literal["chexpert", "negbio"] = "chexpert",
    images: Path | None = None,
) -> Manifest:
    """MIMIC-CXR-JPG: 14 labels per study with uncertain ones, all views, official splits."""
    path = find_file(root, anywhere("mimic-cxr-*-metadata.csv"), PUBLICATION)
    shot = read_published(path, ["dicom_id", "subject_id", "study_id", "ViewPosition"], PUBLICATION)
    start = image_root(root, images)
    table = pd.DataFrame(
        {
            "image": placed(_paths(shot), start),
            "patient": shot["subject_id"],
            "study": shot["study_id"],
            "view": shot["ViewPosition"],
            "source": "mimic-cxr",
            **_split(root, shot["dicom_id"]),
            "dicom_id": shot["dicom_id"],
        }
    )
    labelled = find_file(root, anywhere(f"mimic-cxr-*-{labeller}.csv"), PUBLICATION)
    return from_states(table, LABELS, _states(labelled, shot["study_id"], uncertain, blank), start)


def _paths(shot: pd.DataFrame) -> list[str]:
    subject, study, dicom = shot["subject_id"], shot["study_id"], shot["dicom_id"]
    return ("files/p" + subject.str[:2] + "/p" + subject + "/s" + study + "/" + dicom + ".jpg").tolist()


def _states(
    path: Path, studies: "pd.Series[str]", uncertain: UncertainPolicy, blank: BlankPolicy
) -> npt.NDArray[np.float32]:
    """`(N, 14)` states of images by their study; nan for studies that the label file does not have."""
    published = read_published(path, ["study_id", *LABELS], PUBLICATION)
    by_study = states_of(published, LABELS, path, uncertain=uncertain, blank=blank)
    states = np.full((len(studies), len(LABELS)), np.nan, dtype=np.float32)
    row = _rows(published["study_id"], studies, path)
    states[row >= 0] = by_study[row[row >= 0]]
    return states


def _split(root: Path, dicoms: "pd.Series[str]") -> dict[str, "pd.Series[str]"]:
    """The column `split`, or none where the split file is absent."""
    if not (paths := find_files(root, anywhere("mimic-cxr-*-split.csv"))):
        return {}
    published = read_published(paths[0], ["dicom_id", "split"], PUBLICATION)
    row = _rows(published["dicom_id"], dicoms, paths[0])
    parts = [*published["split"].map(lambda name: _SPLITS.get(name, name)), ""]  # -1: an image that it does not list
    return {"split": pd.Series(parts, dtype="str").iloc[row].reset_index(drop=True)}


def _rows(keys: "pd.Series[str]", wanted: "pd.Series[str]", path: Path) -> npt.NDArray[np.intp]:
    """For each of `wanted` its row among `keys`, -1 where absent."""
    index = pd.Index(keys)
    if (twice := index.duplicated()).any():
        raise UserError(f"'{path}' has {keys.name} '{keys[int(twice.argmax())]}' twice; {PUBLICATION} has each once.")
    return np.asarray(index.get_indexer(pd.Index(wanted)), dtype=np.intp)
