from pathlib import Path

import pytest
from made_files import picture, put

from longtail.data.readers.nih_cxr_lt import LABELS, read_nih_cxr_lt
from longtail.errors import UserError

HEADER = (
    "id,Atelectasis,Cardiomegaly,Consolidation,Edema,Effusion,Emphysema,Fibrosis,Hernia,Infiltration,Mass,Nodule,"
    "Pleural Thickening,Pneumonia,Pneumothorax,Pneumoperitoneum,Pneumomediastinum,Subcutaneous Emphysema,"
    "Tortuous Aorta,Calcification of the Aorta,No Finding,subj_id\n"
)
WELL = "90000013_000.png" + ",0" * 19 + ",1,90000013\n"
ILL = "90000014_001.png,0,0,0,0,0,1,0,0,0,0,0,0,0,1,0,0,1,0,0,0,90000014\n"


def test_one_file_per_split(tmp_path: Path):
    put(tmp_path, "labels/miccai2023_nih-cxr-lt_labels_train.csv", HEADER + WELL, bom=True)
    put(tmp_path, "labels/miccai2023_nih-cxr-lt_labels_test.csv", HEADER + ILL)
    picture(tmp_path, "images/90000014_001.jpg")
    manifest = read_nih_cxr_lt(tmp_path, tmp_path)
    assert manifest.labels == LABELS
    assert tuple(HEADER.strip().split(",")[1:-1]) == LABELS
    assert manifest.table["split"].tolist() == ["train", "test"]
    assert manifest.table["patient"].tolist() == ["90000013", "90000014"]
    assert manifest.table["image"].tolist() == ["90000013_000.png", "images/90000014_001.jpg"]
    assert manifest.counts()[LABELS.index("No Finding")] == 1
    assert {LABELS[i] for i in manifest.targets[1].nonzero()[0]} == {
        "Emphysema",
        "Pneumothorax",
        "Subcutaneous Emphysema",
    }


def test_a_renamed_column_is_named(tmp_path: Path):
    put(tmp_path, "miccai2023_nih-cxr-lt_labels_val.csv", HEADER.replace("Pleural T", "Pleural_T") + WELL)
    with pytest.raises(UserError, match="no column 'Pleural Thickening' .it has 'Pleural_Thickening'.*MICCAI 2023"):
        read_nih_cxr_lt(tmp_path, tmp_path)


def test_no_file(tmp_path: Path):
    with pytest.raises(UserError, match="nih-cxr-lt_labels_train.csv"):
        read_nih_cxr_lt(tmp_path, tmp_path)
