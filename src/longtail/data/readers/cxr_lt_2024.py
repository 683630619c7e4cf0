"""CXR-LT 2024 (Lin et al. 2025): 45 labels on MIMIC-CXR images, in three tasks.

Task 1 has 40 labels and a large test set labelled by reports; task 2 has 26 of them and a test set labelled by hand;
task 3 asks for five that no training file of the challenge had. Files: `train_labeled.csv` (258,871 rows, 40 labels),
`development_labeled_task{1,2,3}.csv`, `test_labeled_task{1,2,3}.csv`, and in PhysioNet's release 2.0.0 `labels.csv`
with all 45 labels and a column `split` (`task=all`; for task 3 its training rows are read). During the challenge
`development.csv` came without labels: such rows are read as unknown.

Task 2's labels are in the order of its submission file, which has Normal before Nodule. `Normal` is what 2023 calls
`No Finding`. Study ids carry the letter s, as published. ViewPosition is blank for 10,734 images and stays blank. Paths
start from MIMIC-CXR-JPG (`files/p10/...`); name that folder with `images=DIR` when it is another one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.readers.cxr_lt import ALIASES, NEEDED, manifest_of, read_challenge, release_folder
from longtail.data.readers.parts import Part, read_parts
from longtail.data.readers.published import anywhere, find_file, read_published
from longtail.errors import unknown_name

PUBLICATION = "Lin et al. 2025, CXR-LT 2024"
TASK_1 = (
    "Adenopathy", "Atelectasis", "Azygos Lobe", "Calcification of the Aorta", "Cardiomegaly", "Clavicle Fracture",
    "Consolidation", "Edema", "Emphysema", "Enlarged Cardiomediastinum", "Fibrosis", "Fissure", "Fracture", "Granuloma",
    "Hernia", "Hydropneumothorax", "Infarction", "Infiltration", "Kyphosis", "Lobar Atelectasis", "Lung Lesion",
    "Lung Opacity", "Mass", "Nodule", "Normal", "Pleural Effusion", "Pleural Other", "Pleural Thickening",
    "Pneumomediastinum", "Pneumonia", "Pneumoperitoneum", "Pneumothorax", "Pulmonary Embolism",
    "Pulmonary Hypertension", "Rib Fracture", "Round(ed) Atelectasis", "Subcutaneous Emphysema", "Support Devices",
    "Tortuous Aorta", "Tuberculosis",
)  # fmt: skip
TASK_2 = (
    "Atelectasis", "Calcification of the Aorta", "Cardiomegaly", "Consolidation", "Edema", "Emphysema",
    "Enlarged Cardiomediastinum", "Fibrosis", "Fracture", "Hernia", "Infiltration", "Lung Lesion", "Lung Opacity",
    "Mass", "Normal", "Nodule", "Pleural Effusion", "Pleural Other", "Pleural Thickening", "Pneumomediastinum",
    "Pneumonia", "Pneumoperitoneum", "Pneumothorax", "Subcutaneous Emphysema", "Support Devices", "Tortuous Aorta",
)  # fmt: skip
TASK_3 = ("Bulla", "Cardiomyopathy", "Hilum", "Osteopenia", "Scoliosis")
LABELS: Mapping[str, Sequence[str]] = {"1": TASK_1, "2": TASK_2, "3": TASK_3, "all": sorted(TASK_1 + TASK_3)}
_SPLITS = {"train": "train", "development": "val", "dev": "val", "val": "val", "validate": "val", "test": "test"}


@READERS.register(
    "cxr-lt-2024",
    publication=PUBLICATION,
    files="cxr-lt-2024/train_labeled.csv, {development,test}_labeled_task{1,2,3}.csv, labels.csv, files/p10/...",
)
def read_cxr_lt_2024(
    root: Path, _out: Path, *, task: Literal["1", "2", "3", "all"] = "1", images: Path | None = None
) -> Manifest:
    """CXR-LT 2024: 40 labels (task=1), 26 (task=2), 5 unseen ones (task=3) or 45 (task=all), official splits."""
    folder = release_folder(root, "cxr-lt-2024")
    start = images or root
    if task in ("1", "2"):
        return read_challenge("cxr-lt-2024", folder, _files(task), LABELS[task], PUBLICATION, start)
    parts = _task_3(folder) if task == "3" else _all_labels(folder)
    return manifest_of("cxr-lt-2024", parts, LABELS[task], PUBLICATION, start)


def _files(task: str) -> dict[str, tuple[str, ...]]:
    """File patterns by split, the labelled form first."""
    return {
        "train": anywhere("train_labeled.csv"),
        "val": anywhere(f"development_labeled_task{task}.csv", f"development_task{task}.csv")
        + anywhere(f"task{task}_development_starting_kit/development.csv", "development.csv"),
        "test": anywhere(f"test_labeled_task{task}.csv", f"test_task{task}.csv") + anywhere("test.csv"),
    }


def _all_labels(folder: Path) -> list[Part]:
    """`labels.csv` as one part per split."""
    path = find_file(folder, anywhere("labels.csv"), f"{PUBLICATION} (PhysioNet release 2.0.0)")
    table = read_published(path, [*NEEDED, "split"], PUBLICATION, aliases=ALIASES)
    splits = table["split"].str.strip().str.lower().map(_SPLITS)
    if splits.isna().any():
        raise unknown_name("split", str(table["split"][splits.isna()].iloc[0]), _SPLITS, f"'{path}'")
    return [Part(split, path, table[(splits == split).to_numpy()]) for split in ("train", "val", "test")]


def _task_3(folder: Path) -> list[Part]:
    """The training rows of `labels.csv` with the five labels, and task 3's own development and test files."""
    held_out = {split: files for split, files in _files("3").items() if split != "train"}
    train = [part for part in _all_labels(folder) if part.split == "train"]
    return train + read_parts(folder, held_out, NEEDED, PUBLICATION, aliases=ALIASES)
