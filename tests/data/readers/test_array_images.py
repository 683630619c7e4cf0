"""Labels of array data sets: indices, names, states."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.readers.array_images import Part, checked_states, class_indices, labelled, write_images
from longtail.errors import UserError


@pytest.mark.parametrize(
    ("values", "names", "classes", "found"),
    [
        (np.array([3, 1, 3], np.uint8), None, [1, 0, 1], ("1", "3")),
        (np.array([-1, 2, 7]), None, [-1, 0, 1], ("2", "7")),
        (np.array([-5, -1, 2]), None, [-1, -1, 0], ("2",)),
        (np.array([0.0, 2.0]), ["a", "b", "c"], [0, 2], ("a", "b", "c")),
        (np.array(["b", "a", ""]), None, [1, 0, -1], ("a", "b")),
        (np.array(["b", "a"]), ["b", "a"], [0, 1], ("b", "a")),
        (np.array([True, False]), None, [1, 0], ("0", "1")),
    ],
)
def test_classes(values, names, classes, found):
    got, labels = class_indices(values, names, "x")
    assert got.tolist() == classes
    assert labels == found


@pytest.mark.parametrize(
    ("values", "names", "message"),
    [
        (np.array([0, 2]), ["a", "b"], "class 2, but there are 2 names"),
        (np.array([0.5]), None, "no whole numbers"),
        (np.array(["c"]), ["a", "b"], "class 'c'"),
    ],
)
def test_classes_that_are_none(values, names, message):
    with pytest.raises(UserError, match=message):
        class_indices(values, names, "x")


def test_states():
    states = checked_states(np.array([[0, 1], [1, np.nan]]), "x")
    assert states.dtype == np.float32
    with pytest.raises(UserError, match="row 2, column 1 of x holds 2"):
        checked_states(np.array([[0, 1], [2, 1]]), "x")
    with pytest.raises(UserError, match="0, 1 or nan"):
        checked_states(np.array([["a", "b"]]), "x")


def test_columns_without_names_are_numbered_and_names_must_fit():
    table = pd.DataFrame({"image": ["a", "b"]})
    assert labelled(table, np.eye(2), None, Path(), "x").labels == ("label_0", "label_1")
    with pytest.raises(UserError, match="2 columns, but there are 1 names"):
        labelled(table, np.eye(2), ["a"], Path(), "x")


def test_images_go_by_split(tmp_path: Path):
    pixels = np.zeros((2, 4, 4), np.uint8)
    parts = [Part(split, [pixels], pixels.nbytes, np.zeros(2), {"patient": ["1", "2"]}) for split in ("train", "test")]
    table = write_images(parts, tmp_path / "out", "made")
    assert table["image"].tolist() == [f"images/{s}/00000{i}.png" for s in ("train", "test") for i in range(2)]
    assert all((tmp_path / "out" / name).is_file() for name in table["image"])
    assert table["patient"].tolist() == ["1", "2", "1", "2"]
    assert list(write_images([Part("", [pixels], 32, np.zeros(2), {})], tmp_path, "x").columns) == ["image", "source"]
