from pathlib import Path

import pytest
from made_files import put

from longtail.data.readers.mimic_cxr_lt import LABELS, read_mimic_cxr_lt
from longtail.errors import UserError

HEADER = ",".join(["subject_id,study_id,dicom_id,path", *LABELS]) + "\n"


def row(number: int, *has: str) -> str:
    states = ",".join("1" if name in has else "0" for name in LABELS)
    patient, study = f"1400000{number}", f"5900000{number}"
    return f"{patient},{study},d{number},files/p14/p{patient}/s{study}/d{number}.jpg,{states}\n"


def test_one_class_per_image(tmp_path: Path):
    put(tmp_path, "labels/mimic-cxr-lt_single-label_train.csv", HEADER + row(1, "Edema") + row(2, "No Finding"))
    put(tmp_path, "labels/mimic-cxr-lt_single-label_balanced-val.csv", HEADER + row(3, "Fracture"), bom=True)
    put(tmp_path, "labels/mimic-cxr-lt_single-label_balanced-test.csv", HEADER + row(4, "Fracture"))
    put(tmp_path, "labels/mimic-cxr-lt_single-label_test.csv", HEADER + row(4, "Fracture") + row(5, "Edema"))
    manifest = read_mimic_cxr_lt(tmp_path, tmp_path)
    assert manifest.task == "singlelabel"
    assert [manifest.labels[i] for i in manifest.targets] == ["Edema", "No Finding", "Fracture", "Fracture", "Edema"]
    assert manifest.table["split"].tolist() == ["train", "train", "val", "test", "test"]
    assert manifest.table["subset"].tolist() == ["train", "train", "balanced-val", "balanced-test", "test"]
    assert manifest.table["study"].tolist()[0] == "59000001"
    assert manifest.table["image"].is_unique


def test_any_number_of_labels(tmp_path: Path):
    put(tmp_path, "miccai2023_mimic-cxr-lt_labels_train.csv", HEADER + row(1, "Edema", "Fracture"))
    manifest = read_mimic_cxr_lt(tmp_path, tmp_path, form="multi")
    assert manifest.task == "multilabel"
    assert manifest.counts().sum() == 2


def test_two_classes_in_a_row_are_named(tmp_path: Path):
    put(tmp_path, "mimic-cxr-lt_single-label_train.csv", HEADER + row(1, "Edema"))
    put(tmp_path, "mimic-cxr-lt_single-label_test.csv", HEADER + row(2, "Edema") + row(3, "Edema", "Fracture"))
    with pytest.raises(UserError, match=r"row 2 \(line 3\) of .*label_test.csv' has 2 classes.*form=multi"):
        read_mimic_cxr_lt(tmp_path, tmp_path)


def test_a_renamed_column_is_named(tmp_path: Path):
    put(tmp_path, "mimic-cxr-lt_single-label_train.csv", HEADER.replace("subject_id", "subject") + row(1, "Edema"))
    with pytest.raises(UserError, match="no column 'subject_id' .it has 'subject'.*MIMIC-CXR-LT"):
        read_mimic_cxr_lt(tmp_path, tmp_path)
