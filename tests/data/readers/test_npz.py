"""Arrays of one's own, in the forms that people save them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.data.readers.npz import read_npz
from longtail.errors import UserError

REAL = Path(__file__).parents[3].parent / "shared" / "data" / "mstar"
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)


def test_without_splits(tmp_path: Path):
    np.savez(tmp_path / "mine.npz", images=PIXELS, labels=np.array([2, 0, 2, -1]), patient=np.array([7, 7, 8, 9]))
    manifest = read_npz(tmp_path, tmp_path / "out")
    assert manifest.labels == ("0", "2")
    assert manifest.targets.tolist() == [1, 0, 1, -1]
    assert manifest.table["patient"].tolist() == ["7", "7", "8", "9"]
    assert not manifest.has("split")
    assert set(manifest.table["source"]) == {"mine"}
    with Image.open(manifest.image_paths[2]) as image:
        assert np.array_equal(np.asarray(image), PIXELS[2])


def test_splits_and_class_names(tmp_path: Path):
    names = np.array(["cat", "dog"])
    np.savez(
        tmp_path / "mine.npz", train_images=PIXELS, train_labels=[[0], [1], [1], [0]], valid_images=PIXELS[:1],
        valid_labels=[[1]], test_images=PIXELS[:2], test_labels=[[0], [0]], class_names=names,
    )  # fmt: skip
    manifest = read_npz(tmp_path, tmp_path / "out", source="pets")
    assert manifest.labels == ("cat", "dog")
    assert manifest.table["split"].tolist() == ["train"] * 4 + ["val"] + ["test"] * 2
    assert manifest.targets.tolist() == [0, 1, 1, 0, 1, 0, 0]
    assert set(manifest.table["source"]) == {"pets"}


def test_the_form_of_keras(tmp_path: Path):
    np.savez(tmp_path / "mnist.npz", x_train=PIXELS, y_train=[0, 1, 2, 0], x_test=PIXELS[:2], y_test=[2, 2])
    manifest = read_npz(tmp_path / "mnist.npz", tmp_path / "out")
    assert manifest.table["split"].tolist() == ["train"] * 4 + ["test"] * 2
    assert manifest.targets.tolist() == [0, 1, 2, 0, 2, 2]


def test_many_labels_and_names_as_text(tmp_path: Path):
    states = np.array([[1, 0], [np.nan, 1], [0, 0], [1, 1]])
    np.savez(tmp_path / "mine.npz", images=PIXELS, labels=states, class_names=np.array(["Mass", "Hernia"]))
    manifest = read_npz(tmp_path, tmp_path / "out")
    assert np.array_equal(manifest.targets, states.astype(np.float32), equal_nan=True)
    np.savez(tmp_path / "mine.npz", images=PIXELS, labels=np.array(["b", "a", "b", "b"]))
    assert read_npz(tmp_path, tmp_path / "out").labels == ("a", "b")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": PIXELS}, "no pair of arrays.*holds pictures"),
        ({"images": PIXELS}, "has 'images' but no labels"),
        ({"train_labels": [1]}, "has 'train_labels' but no images"),
        ({"images": PIXELS, "labels": [0, 1]}, "'images' 4, 'labels' 2"),
        ({"images": PIXELS / 255, "labels": [0, 1, 0, 1]}, "float64"),
        ({"images": PIXELS, "labels": np.array([None] * 4)}, "Python objects"),
        ({"images": PIXELS, "labels": [0, 1, 5, 0], "class_names": ["a", "b"]}, "class 5"),
        (
            {"train_images": PIXELS, "train_labels": [0, 1, 0, 1], "test_images": PIXELS, "test_labels": np.eye(4)},
            "differ in their number of columns",
        ),
    ],
)
def test_arrays_that_cannot_be(tmp_path: Path, arrays, message):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(UserError, match=message):
        read_npz(tmp_path, tmp_path / "out")


def test_which_file(tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no \.npz file"):
        read_npz(tmp_path, tmp_path / "out")
    for name in ("a.npz", "b.npz"):
        np.savez(tmp_path / name, images=PIXELS, labels=[0, 1, 0, 1])
    with pytest.raises(UserError, match=r"2 \.npz files \(a\.npz, b\.npz\).*file=NAME"):
        read_npz(tmp_path, tmp_path / "out")
    assert set(read_npz(tmp_path, tmp_path / "out", file="b.npz").table["source"]) == {"b"}


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="real images are absent")
def test_real_mstar(tmp_path: Path):
    manifest = read_npz(REAL, tmp_path)
    assert len(manifest.rows_of("train")) == 3671
    assert len(manifest.rows_of("test")) == 3203
    assert manifest.labels[0] == "2S1"
    assert len(manifest.labels) == 10
