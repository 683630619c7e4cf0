"""VinDr-CXR in its Kaggle and PhysioNet forms, made-up rows under the true headers."""

from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put

from longtail.data.readers.vindr import GLOBAL, KAGGLE, LOCAL, read_vindr
from longtail.data.validation import validate
from longtail.errors import UserError

KAGGLE_HEADER = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\n"
KAGGLE_ROWS = """\
aa01,No finding,14,R11,,,,
aa01,No finding,14,R7,,,,
aa01,Nodule/Mass,8,R10,10.0,20.0,30.0,40.0
bb02,Cardiomegaly,3,R10,700.0,1300.0,1650.0,1800.0
bb02,Cardiomegaly,3,R8,710.0,1300.0,1660.0,1800.0
bb02,Aortic enlargement,0,R8,100.0,100.0,200.0,200.0
bb02,No finding,14,R9,,,,
"""
PHYSIO_HEADER = "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n"
COLUMNS = [*LOCAL, *GLOBAL]


def label_row(image: str, reader: str | None, *positive: str) -> str:
    cells = [image, *([reader] if reader else []), *("1" if name in positive else "0" for name in COLUMNS)]
    return ",".join(cells) + "\n"


def found(manifest, row: int) -> set[str]:
    return {name for name, state in zip(manifest.labels, manifest.targets[row], strict=True) if state == 1}


def test_kaggle_by_majority(tmp_path: Path):
    put(tmp_path, "train.csv", KAGGLE_HEADER + KAGGLE_ROWS)
    picture(tmp_path, "train/bb02.png", (2000, 2000))
    manifest = read_vindr(tmp_path, tmp_path)
    assert manifest.labels == KAGGLE
    assert manifest.table["image"].tolist() == ["aa01", "train/bb02.png"]
    assert found(manifest, 0) == {"No finding"}
    assert found(manifest, 1) == {"Cardiomegaly"}
    assert not np.isnan(manifest.targets).any()
    assert manifest.boxes.to_numpy().tolist() == [["train/bb02.png", "Cardiomegaly", 705.0, 1300.0, 1655.0, 1800.0]]
    assert set(manifest.table["split"]) == {"train"}
    assert not [p for p in validate(manifest) if p.severity == "error" and p.kind != "missing-file"]


def test_agree(tmp_path: Path):
    put(tmp_path, "train.csv", KAGGLE_HEADER + KAGGLE_ROWS)
    one = read_vindr(tmp_path, tmp_path, agree=1)
    assert found(one, 0) == {"Nodule/Mass"}
    assert found(one, 1) == {"Cardiomegaly", "Aortic enlargement"}
    assert len(one.boxes) == 3
    three = read_vindr(tmp_path, tmp_path, agree=3)
    assert found(three, 0) == found(three, 1) == set()
    assert three.boxes.empty
    assert len(read_vindr(tmp_path, tmp_path, iou=0.999).boxes) == 0
    for options in ({"agree": 4}, {"iou": 0.0}):
        with pytest.raises(UserError, match="of 'vindr' is"):
            read_vindr(tmp_path, tmp_path, **options)


def test_physionet(tmp_path: Path):
    rows = "cc03,R1,Lung Opacity,1,2,11,12\ncc03,R2,Lung Opacity,1,2,11,14\ncc03,R3,No finding,,,,\n"
    put(tmp_path, "annotations/annotations_train.csv", PHYSIO_HEADER + rows)
    labels = label_row("cc03", "R1", "Lung Opacity", "Pneumonia") + label_row("cc03", "R2", "Lung Opacity", "Pneumonia")
    header = "image_id,rad_id," + ",".join(COLUMNS) + "\n"
    put(tmp_path, "annotations/image_labels_train.csv", header + labels + label_row("cc03", "R3", "No finding"))
    test = "image_id,class_name,x_min,y_min,x_max,y_max\ndd04,Rib fracture,5,5,9,9\n"
    put(tmp_path, "annotations/annotations_test.csv", test)
    header = "image_id," + ",".join(COLUMNS).replace("Other diseases", "Other disease") + "\n"
    put(
        tmp_path,
        "annotations/image_labels_test.csv",
        header + label_row("dd04", None, "Rib fracture", "Other diseases"),
    )
    manifest = read_vindr(tmp_path, tmp_path)
    assert manifest.labels == (*LOCAL, *GLOBAL)
    assert manifest.table["split"].tolist() == ["train", "test"]
    assert found(manifest, 0) == {"Lung Opacity", "Pneumonia"}
    assert found(manifest, 1) == {"Rib fracture", "Other diseases"}
    assert manifest.boxes.to_numpy().tolist() == [
        ["cc03", "Lung Opacity", 1.0, 2.0, 11.0, 13.0],
        ["dd04", "Rib fracture", 5.0, 5.0, 9.0, 9.0],
    ]


def test_what_a_file_cannot_state_is_unknown(tmp_path: Path):
    put(tmp_path, "annotations_train.csv", PHYSIO_HEADER + "cc03,R1,No finding,,,,\n")
    header = "image_id," + ",".join(COLUMNS) + "\n"
    put(tmp_path, "image_labels_test.csv", header + label_row("dd04", None, "COPD"))
    manifest = read_vindr(tmp_path, tmp_path)
    unknown = [name for name, state in zip(manifest.labels, manifest.targets[0], strict=True) if np.isnan(state)]
    assert unknown == list(GLOBAL[:-1])
    assert not np.isnan(manifest.targets[1]).any()
    assert manifest.boxes.empty


def test_a_reader_who_marks_nothing_still_counts(tmp_path: Path):
    header = "image_id,rad_id," + ",".join(COLUMNS) + "\n"
    rows = label_row("cc03", "R1", "Mass") + label_row("cc03", "R2") + label_row("cc03", "R3", "Edema")
    put(tmp_path, "image_labels_train.csv", header + rows)
    assert found(read_vindr(tmp_path, tmp_path), 0) == set()


def test_boxes_of_resized_copies(tmp_path: Path):
    put(tmp_path, "train.csv", KAGGLE_HEADER + "aa01,Cardiomegaly,3,R10,200,300,400,600\n")
    put(tmp_path, "train_meta.csv", "image_id,dim0,dim1\naa01,3000,2000\n")
    picture(tmp_path, "train/aa01.png", (100, 100))
    assert read_vindr(tmp_path, tmp_path).boxes.to_numpy().tolist() == [
        ["train/aa01.png", "Cardiomegaly", 10.0, 10.0, 20.0, 20.0]
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "train.csv",
            KAGGLE_HEADER.replace("class_name", "classname") + KAGGLE_ROWS,
            "no column 'class_name'.*VinDr-CXR",
        ),
        ("train.csv", KAGGLE_HEADER + "aa01,Cardiomegali,3,R1,1,2,3,4\n", "Did you mean 'Cardiomegaly'"),
        ("train.csv", KAGGLE_HEADER + "aa01,Cardiomegaly,3,R1,1,,3,4\n", "row 1.*'y_min'"),
        ("image_labels_train.csv", "image_id,rad_id,Humps,No finding\na,R1,0,1\n", "label column 'Humps'"),
        ("other.csv", "a\n1\n", "annotations_train.csv"),
    ],
)
def test_mistakes(tmp_path: Path, name, text, message):
    put(tmp_path, name, text)
    with pytest.raises(UserError, match=message):
        read_vindr(tmp_path, tmp_path)
