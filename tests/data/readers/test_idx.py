"""IDX files, written by hand from the format's definition."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.data.readers import idx
from longtail.data.readers.idx import FASHION, read_idx
from longtail.errors import UserError

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 4, 6), dtype=np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10


def put(root: Path, name: str, values: np.ndarray) -> None:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    data = head + values.tobytes()
    root.mkdir(exist_ok=True, parents=True)
    (root / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def made(root: Path, end: str = "", form: str = "-") -> Path:
    for part, count in (("t10k", 5), ("train", 20)):
        put(root, f"{part}-images{form}idx3-ubyte{end}", PIXELS[:count])
        put(root, f"{part}-labels{form}idx1-ubyte{end}", LABELS[:count])
    return root


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("form", ["-", "."])
def test_plain_and_gzipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end, form):
    monkeypatch.setattr(idx, "_PIECE", 100)  # several batches
    manifest = read_idx(made(tmp_path / "digits", end, form), tmp_path / "out")
    assert manifest.table["split"].tolist() == ["train"] * 20 + ["test"] * 5
    assert manifest.targets.tolist() == [*LABELS.tolist(), *LABELS[:5].tolist()]
    assert manifest.labels == tuple("0123456789")
    assert set(manifest.table["source"]) == {"digits"}
    with Image.open(manifest.image_paths[13]) as image:
        assert np.array_equal(np.asarray(image), PIXELS[13])


def test_names(tmp_path: Path):
    root = made(tmp_path / "data")
    assert read_idx(root, tmp_path / "out", names=("fashion",)).labels == FASHION
    assert read_idx(root, tmp_path / "out", names=tuple("abcdefghij")).labels == tuple("abcdefghij")
    manifest = read_idx(made(tmp_path / "Fashion-MNIST"), tmp_path / "out")
    assert manifest.labels == FASHION
    assert set(manifest.table["source"]) == {"fashion-mnist"}
    with pytest.raises(UserError, match="class 9, but there are 2 names"):
        read_idx(root, tmp_path / "out", names=("a", "b"))


def test_transposed_images_of_emnist(tmp_path: Path):
    manifest = read_idx(made(tmp_path / "d"), tmp_path / "out", transpose=True)
    with Image.open(manifest.image_paths[0]) as image:
        assert np.array_equal(np.asarray(image), PIXELS[0].T)


def test_plain_and_gzipped_side_by_side_are_one(tmp_path: Path):
    made(tmp_path / "d", ".gz")
    assert len(read_idx(made(tmp_path / "d"), tmp_path / "out")) == 25


def test_mistakes(tmp_path: Path):
    root = tmp_path / "d"
    root.mkdir()
    with pytest.raises(UserError, match="no file such as train-images-idx3-ubyte"):
        read_idx(root, tmp_path / "out")
    put(root, "train-images-idx3-ubyte", PIXELS)
    with pytest.raises(UserError, match=r"no 'train-labels-idx1-ubyte' \(or .gz\) beside it"):
        read_idx(root, tmp_path / "out")
    put(root, "train-labels-idx1-ubyte", LABELS[:3])
    with pytest.raises(UserError, match="differ in rows"):
        read_idx(root, tmp_path / "out")
    (root / "train-labels-idx1-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(UserError, match="no IDX file of unsigned bytes in 1 dimensions"):
        read_idx(root, tmp_path / "out")


@pytest.mark.parametrize("end", ["", ".gz"])
def test_files_cut_short(tmp_path: Path, end):
    root = made(tmp_path / "d", end)
    path = root / f"train-images-idx3-ubyte{end}"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="cut short"):
        read_idx(root, tmp_path / "out")


def test_two_data_sets_in_one_folder(tmp_path: Path):
    for name in ("letters", "digits"):
        put(tmp_path, f"emnist-{name}-train-images-idx3-ubyte", PIXELS)
        put(tmp_path, f"emnist-{name}-train-labels-idx1-ubyte", LABELS)
    with pytest.raises(UserError, match="several data sets"):
        read_idx(tmp_path, tmp_path / "out")
