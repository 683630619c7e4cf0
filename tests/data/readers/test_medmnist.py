"""MedMNIST files: made-up arrays under the published keys, and the two real ones where they are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.data.manifest import Manifest
from longtail.data.readers.medmnist import CLASSES, read_medmnist
from longtail.errors import UserError

REAL = Path(__file__).parents[3].parent / "shared" / "data" / "medmnist"
COUNTS = {"train": 6, "val": 2, "test": 3}


def made(root: Path, name: str, shape: tuple[int, ...] = (8, 8), labels: int = 1, classes: int = 2) -> dict:
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in COUNTS.items():
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, *shape), dtype=np.uint8)
        arrays[f"{split}_labels"] = rng.integers(0, classes, (count, labels), dtype=np.uint8)
    np.savez_compressed(root / name, **arrays)
    return arrays


def test_one_class_per_image(tmp_path: Path):
    arrays = made(tmp_path, "dermamnist_64.npz", (8, 8, 3), classes=7)
    manifest = read_medmnist(tmp_path, tmp_path / "out")
    assert manifest.labels == CLASSES["dermamnist"]
    assert manifest.task == "singlelabel"
    assert manifest.targets.tolist() == np.concatenate([arrays[f"{s}_labels"][:, 0] for s in COUNTS]).tolist()
    assert {split: len(manifest.rows_of(split)) for split in COUNTS} == COUNTS
    assert set(manifest.table["source"]) == {"dermamnist"}
    with Image.open(manifest.image_paths[7]) as image:
        assert np.array_equal(np.asarray(image), arrays["val_images"][1])


def test_chestmnist_has_fourteen_labels(tmp_path: Path):
    arrays = made(tmp_path, "chestmnist.npz", labels=14)
    manifest = read_medmnist(tmp_path, tmp_path / "out")
    assert manifest.targets.shape == (11, 14)
    assert manifest.labels[12] == "pleural"
    assert np.array_equal(manifest.targets[:6], arrays["train_labels"])


def test_an_unknown_subset_is_called_by_its_numbers(tmp_path: Path):
    made(tmp_path, "newmnist.npz", classes=2)
    assert read_medmnist(tmp_path, tmp_path / "out").labels == ("0", "1")


def test_saved_and_loaded_again(tmp_path: Path):
    made(tmp_path, "breastmnist.npz")
    manifest = read_medmnist(tmp_path, tmp_path / "out")
    manifest.save(tmp_path / "out" / "manifest.csv")
    again = Manifest.load(tmp_path / "out" / "manifest.csv")
    assert again.labels == ("malignant", "normal, benign")
    assert again.digest() == manifest.digest()


def test_volumes(tmp_path: Path):
    arrays = made(tmp_path, "nodulemnist3d.npz", (9, 6, 7))
    with pytest.raises(UserError, match="volume=middle"):
        read_medmnist(tmp_path, tmp_path / "out")
    manifest = read_medmnist(tmp_path, tmp_path / "out", volume="middle")
    with Image.open(manifest.image_paths[0]) as image:
        assert np.array_equal(np.asarray(image), arrays["train_images"][0, 4])


def test_which_file(tmp_path: Path):
    with pytest.raises(UserError, match=r"no \.npz file"):
        read_medmnist(tmp_path, tmp_path / "out")
    made(tmp_path, "pathmnist.npz", classes=9)
    made(tmp_path, "pathmnist_64.npz", classes=9)
    with pytest.raises(UserError, match=r"subset=NAME \(pathmnist, pathmnist_64\)"):
        read_medmnist(tmp_path, tmp_path / "out")
    with pytest.raises(UserError, match="Did you mean 'pathmnist_64'"):
        read_medmnist(tmp_path, tmp_path / "out", subset="pathmnist64")
    assert len(read_medmnist(tmp_path, tmp_path / "out", subset="PathMNIST_64")) == 11
    assert len(read_medmnist(tmp_path / "pathmnist.npz", tmp_path / "out")) == 11


def test_other_arrays(tmp_path: Path):
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 4), np.uint8))
    with pytest.raises(UserError, match="no array train_images.*has images"):
        read_medmnist(tmp_path, tmp_path / "out")
    np.savez(tmp_path / "x.npz", train_images=np.zeros((2, 4, 4), np.uint8), train_labels=np.zeros((3, 1), np.uint8))
    with pytest.raises(UserError, match="differ in rows"):
        read_medmnist(tmp_path, tmp_path / "out")


def test_class_lists_are_whole():
    sizes = {"pathmnist": 9, "chestmnist": 14, "bloodmnist": 8, "tissuemnist": 8, "organamnist": 11, "octmnist": 4}
    assert {name: len(CLASSES[name]) for name in sizes} == sizes
    assert len(CLASSES) == 18


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="real images are absent")
@pytest.mark.parametrize(("subset", "sizes"), [("retinamnist", (1080, 120, 400)), ("breastmnist", (546, 78, 156))])
def test_the_real_ones(tmp_path: Path, subset, sizes):
    manifest = read_medmnist(REAL, tmp_path, subset=subset)
    assert tuple(len(manifest.rows_of(split)) for split in ("train", "val", "test")) == sizes
    assert manifest.labels == CLASSES[subset]
    assert (manifest.counts() > 0).all()
