"""Reading .npz files in pieces, against numpy's own reader."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.readers import arrays
from longtail.data.readers.arrays import Npz, as_pixels, require_rows
from longtail.errors import UserError


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=0, max_size=3).map(tuple),
    st.sampled_from(["u1", "i8", "f4", ">u2", "?", "<U3"]),
    st.booleans(),
    st.booleans(),
)
def test_the_values_numpy_reads(tmp_path_factory, shape, dtype, fortran, packed):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype, order="F" if fortran else "C")
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    (np.savez_compressed if packed else np.savez)(path, first=values, second=np.arange(3))
    loaded = Npz(path).load("first")
    assert loaded.dtype == values.dtype
    assert np.array_equal(loaded, values)
    assert loaded.shape == values.shape


def test_rows_come_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arrays, "_PIECE", 10)
    values = np.arange(35, dtype=np.uint8).reshape(7, 5)
    np.savez_compressed(tmp_path / "a.npz", x=values)
    pieces = list(Npz(tmp_path / "a.npz").batches("x"))
    assert [len(piece) for piece in pieces] == [2, 2, 2, 1]
    assert np.array_equal(np.concatenate(pieces), values)


def test_objects_are_never_unpickled(tmp_path: Path):
    np.savez(tmp_path / "a.npz", labels=np.array([{"a": 1}, None], dtype=object), fine=np.arange(2))
    found = Npz(tmp_path / "a.npz")
    assert found.load("fine").tolist() == [0, 1]
    with pytest.raises(UserError, match="'labels'.*Python objects.*unpickling"):
        found.load("labels")


def test_an_unknown_array_names_the_nearest(tmp_path: Path):
    np.savez(tmp_path / "a.npz", train_images=np.zeros(1))
    with pytest.raises(UserError, match="Did you mean 'train_images'"):
        Npz(tmp_path / "a.npz").load("train_image")


def test_files_that_are_no_npz(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(b"not a zip")
    with pytest.raises(UserError, match=r"not a readable \.npz"):
        Npz(tmp_path / "a.npz")


def test_an_array_cut_short(tmp_path: Path):
    np.savez(tmp_path / "whole.npz", x=np.zeros(1000, np.uint8))
    with zipfile.ZipFile(tmp_path / "whole.npz") as whole, zipfile.ZipFile(tmp_path / "cut.npz", "w") as cut:
        cut.writestr("x.npy", whole.read("x.npy")[:-10])
        cut.writestr("y.npy", b"\x93NUMPY\x07\x00")
    with pytest.raises(UserError, match=r"'y.npy'.*damaged"):
        Npz(tmp_path / "cut.npz")
    with zipfile.ZipFile(tmp_path / "whole.npz") as whole, zipfile.ZipFile(tmp_path / "cut.npz", "w") as cut:
        cut.writestr("x.npy", whole.read("x.npy")[:-10])
    with pytest.raises(UserError, match="'x'.*cut short"):
        Npz(tmp_path / "cut.npz").load("x")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((2, 5, 6), (2, 5, 6)),
        ((2, 5, 6, 1), (2, 5, 6, 1)),
        ((2, 5, 6, 3), (2, 5, 6, 3)),
        ((2, 3, 5, 6), (2, 5, 6, 3)),
        ((2, 1, 5, 6), (2, 5, 6, 1)),
        ((2, 3, 5, 4), (2, 3, 5, 4)),
    ],
)
def test_layouts(shape, expected):
    assert as_pixels(np.zeros(shape, np.uint8), "x").shape == expected


def test_pixels_that_are_none():
    assert as_pixels(np.array([[[True, False]]]), "x").tolist() == [[[255, 0]]]
    assert as_pixels(np.zeros((1, 2, 2), np.uint16), "x").dtype == np.uint16
    with pytest.raises(UserError, match=r"array 'x' holds float32.*0\.\.255"):
        as_pixels(np.zeros((1, 2, 2), np.float32), "array 'x'")
    with pytest.raises(UserError, match="shape"):
        as_pixels(np.zeros((1, 28, 28, 28), np.uint8), "x")


def test_rows_must_agree(tmp_path: Path):
    require_rows(tmp_path, {"a": 2, "b": 2})
    with pytest.raises(UserError, match="'a' 2, 'b' 3"):
        require_rows(tmp_path, {"a": 2, "b": 3})
