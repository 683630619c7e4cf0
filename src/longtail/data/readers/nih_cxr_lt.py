"""NIH-CXR-LT: the images of NIH ChestX-ray14 with five rare findings more (Holste et al., MICCAI 2023).

Labels are 0 or 1, 20 of them, in one file per split (`miccai2023_nih-cxr-lt_labels_train.csv`, `_val`, `_test`: 78,506,
12,533 and 21,081 rows). `id` is the image's file name and `subj_id` the patient. The images are those of the `nih` data
set; name their folder with `images=DIR` when the labels are kept apart.
"""

from pathlib import Path

from longtail.data.manifest import Manifest, from_states
from longtail.data.readers import READERS
from longtail.data.readers.parts import read_parts, rows_of, states_of_parts
from longtail.data.readers.placing import image_root, placed
from longtail.data.readers.published import anywhere

PUBLICATION = "Holste et al. 2023, NIH-CXR-LT (MICCAI 2023)"
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural Thickening", "Pneumonia", "Pneumothorax", "Pneumoperitoneum",
    "Pneumomediastinum", "Subcutaneous Emphysema", "Tortuous Aorta", "Calcification of the Aorta", "No Finding",
)  # fmt: skip
_SPLITS = ("train", "val", "test")


@READERS.register(
    "nih-cxr-lt", publication=PUBLICATION, files="miccai2023_nih-cxr-lt_labels_{train,val,test}.csv, images/"
)
def read_nih_cxr_lt(root: Path, _out: Path, *, images: Path | None = None) -> Manifest:
    """NIH-CXR-LT of MICCAI 2023: 20 labels, official train, val and test files."""
    patterns = {split: anywhere(f"*nih-cxr-lt_labels_{split}.csv") for split in _SPLITS}
    parts = read_parts(root, patterns, ["id", "subj_id"], PUBLICATION)
    table = rows_of(parts, {"image": "id", "patient": "subj_id"}).assign(source="nih-cxr-lt")
    start = image_root(root, images)
    table["image"] = placed(table["image"], start)
    return from_states(table, LABELS, states_of_parts(parts, LABELS, PUBLICATION), start)
