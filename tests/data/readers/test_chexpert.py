from pathlib import Path

import numpy as np
import pytest
from made_files import picture, put

from longtail.data.readers.chexpert import read_chexpert
from longtail.data.readers.chexpert_labels import LABELS
from longtail.data.validation import validate
from longtail.errors import UserError

HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n"
)
FOLDER = "CheXpert-v1.0-small"
FRONTAL = f"{FOLDER}/train/patient90001/study1/view1_frontal.jpg,Female,61,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0\n"
LATERAL = f"{FOLDER}/train/patient90002/study1/view2_lateral.jpg,Male,70,Lateral,,,,-1.0,1.0,,-1.0,-1.0,,0.0,,1.0,,,\n"
VALID = f"{FOLDER}/valid/patient94541/study1/view1_frontal.jpg,Male,73,Frontal,," + ",".join(["0.0"] * 14) + "\n"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    put(tmp_path, f"{FOLDER}/train.csv", HEADER + FRONTAL + LATERAL)
    put(tmp_path, f"{FOLDER}/valid.csv", HEADER + VALID, bom=True)
    return tmp_path


def cell(manifest, row: int, name: str) -> float:
    return float(manifest.targets[row, LABELS.index(name)])


def test_rows(release: Path):
    table = read_chexpert(release, release).table
    assert table["patient"].tolist() == ["patient90001", "patient90002", "patient94541"]
    assert table["study"].tolist() == ["patient90001/study1", "patient90002/study1", "patient94541/study1"]
    assert table["view"].tolist() == ["AP", "LATERAL", "FRONTAL"]
    assert table["split"].tolist() == ["train", "train", "val"]
    assert table["sex"].tolist() == ["Female", "Male", "Male"]
    assert table["age"].tolist() == ["61", "70", "73"]


def test_every_patient_has_a_study1_and_that_is_no_mistake(release: Path):
    assert "study-of-two-patients" not in {problem.kind for problem in validate(read_chexpert(release, release))}


def test_default_policies(release: Path):
    manifest = read_chexpert(release, release)
    assert tuple(HEADER.strip().split(",")[5:]) == manifest.labels
    assert [cell(manifest, 0, name) for name in ("No Finding", "Support Devices", "Edema")] == [1, 1, 0]
    assert np.isnan(cell(manifest, 1, "Cardiomegaly"))  # -1
    assert cell(manifest, 1, "Lung Opacity") == 1


def test_other_policies(release: Path):
    manifest = read_chexpert(release, release, uncertain="positive", blank="unknown")
    assert cell(manifest, 1, "Cardiomegaly") == 1
    assert np.isnan(cell(manifest, 0, "Edema"))
    assert cell(manifest, 0, "Pneumothorax") == 0
    assert cell(read_chexpert(release, release, uncertain="negative"), 1, "Edema") == 0


def test_the_root_may_be_the_release_or_hold_it(release: Path):
    below = "train/patient90001/study1/view1_frontal.jpg"
    assert read_chexpert(release, release).table["image"][0] == f"{FOLDER}/{below}"  # no image is there
    assert read_chexpert(release / FOLDER, release).table["image"][0] == below


def test_images_in_other_folders_and_with_other_suffixes(release: Path):
    picture(release, "CheXpert-v1.0 batch 2 (train 1)/patient90001/study1/view1_frontal.png")
    picture(release, "CheXpert-v1.0 batch 1 (validate & csv)/valid/patient94541/study1/view1_frontal.jpg")
    images = read_chexpert(release, release).table["image"].tolist()
    assert images == [
        "CheXpert-v1.0 batch 2 (train 1)/patient90001/study1/view1_frontal.png",
        f"{FOLDER}/train/patient90002/study1/view2_lateral.jpg",
        "CheXpert-v1.0 batch 1 (validate & csv)/valid/patient94541/study1/view1_frontal.jpg",
    ]


def test_the_test_labels_have_fewer_columns(release: Path):
    header = ",".join(["Path", *LABELS])
    put(release, f"{FOLDER}/test.csv", f"{header}\ntest/patient94741/study1/view1_lateral.jpg,{','.join('1' * 14)}\n")
    manifest = read_chexpert(release, release)
    assert manifest.table.iloc[-1][["view", "split", "age"]].tolist() == ["LATERAL", "test", ""]
    assert (manifest.targets[-1] == 1).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("Path,", "File,"), "no column 'Path'.*Irvin et al. 2019"),
        (("Edema", "Oedema"), "no column 'Edema' .it has 'Oedema'.*Irvin et al. 2019"),
        (("patient90002", "90002"), r"row 2 \(line 3\) .*patient00001/study1/view1_frontal.jpg"),
        (("-1.0,1.0", "-1.0,2.0"), "row 2 .*'Lung Opacity'.*'2.0'"),
    ],
)
def test_another_form_is_named(tmp_path: Path, change: tuple[str, str], says: str):
    put(tmp_path, "train.csv", (HEADER + FRONTAL + LATERAL).replace(*change))
    with pytest.raises(UserError, match=says):
        read_chexpert(tmp_path, tmp_path)
