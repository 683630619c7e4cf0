"""ISIC 2018 task 3, made-up rows under the true headers."""

from pathlib import Path

import pytest
from made_files import picture, put

from longtail.data.readers.isic2018 import DIAGNOSES, read_isic2018
from longtail.errors import UserError

HEADER = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
TRAIN = HEADER + "ISIC_9000001,0.0,1.0,0.0,0.0,0.0,0.0,0.0\nISIC_9000002,1.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
VALIDATION = HEADER + "ISIC_9100001,0.0,0.0,0.0,0.0,0.0,0.0,1.0\n"
DATAVERSE = (
    "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n"
    "HAMTEST_9,ISIC_9200001,bkl,follow_up,40.0,female,back,made\n"
)
FOLDER = "ISIC2018_Task3_{0}_GroundTruth/ISIC2018_Task3_{0}_GroundTruth.csv"


def test_three_files(tmp_path: Path):
    put(tmp_path, FOLDER.format("Training"), TRAIN)
    put(tmp_path, FOLDER.format("Validation"), VALIDATION)
    put(tmp_path, FOLDER.format("Test"), DATAVERSE)
    put(
        tmp_path,
        "ISIC2018_Task3_Training_LesionGroupings.csv",
        "image,lesion_id,diagnosis_confirm_type\nISIC_9000001,HAM_9,histopathology\n",
    )
    picture(tmp_path, "ISIC2018_Task3_Training_Input/ISIC_9000002.jpg")
    manifest = read_isic2018(tmp_path, tmp_path)
    assert manifest.labels == DIAGNOSES
    assert [DIAGNOSES[i] for i in manifest.targets] == ["NV", "MEL", "VASC", "BKL"]
    assert manifest.table["split"].tolist() == ["train", "train", "val", "test"]
    assert manifest.table["lesion"].tolist() == ["HAM_9", "", "", "HAMTEST_9"]
    assert manifest.table["image"][1] == "ISIC2018_Task3_Training_Input/ISIC_9000002.jpg"
    assert not manifest.has("patient")


def test_lesions_from_ham10000(tmp_path: Path):
    put(tmp_path, "ISIC2018_Task3_Training_GroundTruth.csv", TRAIN)
    assert not read_isic2018(tmp_path, tmp_path).has("lesion")
    put(
        tmp_path,
        "HAM10000_metadata.csv",
        "lesion_id,image_id,dx,dx_type,age,sex,localization\nHAM_7,ISIC_9000002,mel,histo,50.0,male,back\n",
    )
    assert read_isic2018(tmp_path, tmp_path).table["lesion"].tolist() == ["", "HAM_7"]


def test_columns_in_another_order_and_integers(tmp_path: Path):
    put(
        tmp_path,
        "ISIC2018_Task3_Training_GroundTruth.csv",
        "image,NV,MEL,BKL,BCC,AKIEC,VASC,DF\nISIC_9,0,0,0,0,0,0,1\n",
    )
    assert [DIAGNOSES[i] for i in read_isic2018(tmp_path, tmp_path).targets] == ["DF"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TRAIN.replace("MEL", "Melanoma"), "no column 'MEL'.*ISIC 2018 task 3"),
        (HEADER + "ISIC_9,1.0,1.0,0,0,0,0,0\n", "row 1.*has 2 diagnoses"),
        (HEADER + "ISIC_9,0,0,0,0,0,0,0\n", "has 0 diagnoses"),
        (HEADER + "ISIC_9,0.3,0,0,0,0,0,0\n", "'MEL'.*holds '0.3'"),
        (DATAVERSE.replace("bkl", "blk"), "Did you mean 'BKL'"),
    ],
)
def test_mistakes(tmp_path: Path, text, message):
    put(tmp_path, "ISIC2018_Task3_Test_GroundTruth.csv", text)
    with pytest.raises(UserError, match=message):
        read_isic2018(tmp_path, tmp_path)


def test_no_file(tmp_path: Path):
    with pytest.raises(UserError, match="ISIC2018_Task3_Training_GroundTruth.csv"):
        read_isic2018(tmp_path, tmp_path)
