"""CXR-LT 2023 (Holste et al. 2024): 26 labels on MIMIC-CXR images, for the ICCV CVAMD challenge.

Public code that reads PhysioNet's release (`cxr-lt-2023/` with `train.csv`, `development.csv`, `test.csv`) shows six
columns before the labels: `dicom_id, subject_id, study_id, ViewPosition, ViewCodeSequence_CodeMeaning, path`; the 26
labels are those of Table 1 of the stage-training paper, alphabetical, with `No Finding`. `fpath`, the name of 2024, is
taken as well. During the challenge development.csv and test.csv had no labels: such rows are read as unknown.

Paths start from MIMIC-CXR-JPG (`files/p10/...`); name that folder with `images=DIR` when it is another one. Study ids
are kept as published.
"""

from pathlib import Path

from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.readers.cxr_lt import read_challenge, release_folder
from longtail.data.readers.published import anywhere

PUBLICATION = "Holste et al. 2024, CXR-LT 2023"
LABELS = (
    "Atelectasis", "Calcification of the Aorta", "Cardiomegaly", "Consolidation", "Edema", "Emphysema",
    "Enlarged Cardiomediastinum", "Fibrosis", "Fracture", "Hernia", "Infiltration", "Lung Lesion", "Lung Opacity",
    "Mass", "No Finding", "Nodule", "Pleural Effusion", "Pleural Other", "Pleural Thickening", "Pneumomediastinum",
    "Pneumonia", "Pneumoperitoneum", "Pneumothorax", "Subcutaneous Emphysema", "Support Devices", "Tortuous Aorta",
)  # fmt: skip
_FILES = {"train": anywhere("train.csv"), "val": anywhere("development.csv"), "test": anywhere("test.csv")}


@READERS.register(
    "cxr-lt-2023", publication=PUBLICATION, files="cxr-lt-2023/{train,development,test}.csv, files/p10/..."
)
def read_cxr_lt_2023(root: Path, _out: Path, *, images: Path | None = None) -> Manifest:
    """CXR-LT 2023: 26 labels, official train, development (val) and test files."""
    folder = release_folder(root, "cxr-lt-2023")
    return read_challenge("cxr-lt-2023", folder, _FILES, LABELS, PUBLICATION, images or root)
