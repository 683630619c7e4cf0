from pathlib import Path

import pytest

from longtail.data.manifest import Manifest
from longtail.data.reading import datasets, missing_images, read
from longtail.errors import UserError

NIH = """Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position
90000001_000.png,Cardiomegaly,0,90001,57,M,PA
90000002_000.png,No Finding,0,90002,81,F,AP
"""
CHEXPERT = (
    "Path,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,"
    "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n"
    "train/patient1/study1/view1_frontal.jpg,1,,,,,,,,,,,,,-1\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "published").mkdir()
    (tmp_path / "published/Data_Entry_2017_v2020.csv").write_text(NIH)
    (tmp_path / "published/BBox_List_2017.csv").write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h],,,\n90000001_000.png,Cardiomegaly,10,20,30,40\n"
    )
    return tmp_path / "published"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_written_loads_again(root: Path, tmp_path: Path, form):
    manifest = read("nih", root, tmp_path / "out", format=form)
    assert manifest.path == tmp_path / f"out/manifest.{form}"
    assert (tmp_path / "out/manifest.yaml").exists()
    assert (tmp_path / "out/boxes.csv").exists()
    again = Manifest.load(manifest.path, check_files=False)
    assert again.labels == manifest.labels
    assert again.root.resolve() == root.resolve()
    assert again.digest() == manifest.digest()


def test_missing_images_are_told_not_refused(root: Path, tmp_path: Path):
    assert missing_images(read("nih", root, tmp_path / "out")) == ["90000001_000.png", "90000002_000.png"]
    (root / "90000001_000.png").write_bytes(b"")
    assert missing_images(read("nih", root, tmp_path / "out")) == ["90000002_000.png"]


def test_options_are_bound_to_the_reader(tmp_path: Path):
    (tmp_path / "train.csv").write_text(CHEXPERT)
    manifest = read("chexpert", tmp_path, tmp_path / "out", options={"uncertain": "positive", "blank": "unknown"})
    assert manifest.counts().sum() == 2
    with pytest.raises(UserError, match="unknown option 'blnk' in data set 'chexpert'. Did you mean 'blank'"):
        read("chexpert", tmp_path, tmp_path / "out", options={"blnk": "unknown"})
    with pytest.raises(UserError, match="unknown value 'maybe'"):
        read("chexpert", tmp_path, tmp_path / "out", options={"uncertain": "maybe"})


def test_a_refusal_leaves_no_folder(tmp_path: Path):
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match="--root"):
            read("chexpert", root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unknown_data_set(tmp_path: Path):
    with pytest.raises(UserError, match="unknown data set 'chexprt'. Did you mean 'chexpert'"):
        read("chexprt", tmp_path, tmp_path)


def test_a_root_that_is_no_folder(tmp_path: Path):
    with pytest.raises(UserError, match="is no folder"):
        read("nih", tmp_path / "nowhere", tmp_path / "out")


def test_an_image_named_twice_is_refused(root: Path, tmp_path: Path):
    (root / "Data_Entry_2017_v2020.csv").write_text(NIH + NIH.splitlines()[1] + "\n")
    with pytest.raises(UserError, match="names the image '90000001_000.png' .*again"):
        read("nih", root, tmp_path / "out")
    assert not (tmp_path / "out/manifest.csv").exists()


def test_every_reader_says_what_it_needs():
    found = {dataset.name: dataset for dataset in datasets()}
    mine = {"nih", "nih-cxr-lt", "mimic-cxr-lt", "cxr-lt-2023", "cxr-lt-2024", "cxr-lt-2026"}
    assert mine | {"padchest", "mimic-cxr", "chexpert", "brax"} <= set(found)
    for dataset in found.values():
        assert dataset.summary.endswith(".")
        assert dataset.files
        assert dataset.publication
    assert found["chexpert"].options == (
        "uncertain=unknown [unknown|positive|negative]",
        "blank=negative [unknown|negative]",
    )
