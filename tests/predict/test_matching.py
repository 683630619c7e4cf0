"""Predictions beside the truth: rows found by id, both ways, at image and study level."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.errors import UserError
from longtail.predict.matching import align
from longtail.predict.predictions import Predictions

NAN = float("nan")


def manifest(**columns: Any) -> Manifest:
    table = pd.DataFrame({"image": [f"x/{i}.png" for i in range(6)], **columns})
    states = np.array([[0, 1], [1, 0], [NAN, 0], [0, 0], [1, NAN], [0, 1]])
    return from_states(table, ["A", "B"], states, Path())


def predicted(names: list[str], labels: tuple[str, ...] = ("A", "B"), level: Any = "image") -> Predictions:
    values = np.arange(len(names) * len(labels), dtype=np.float32).reshape(len(names), -1) / 100
    return Predictions(pd.DataFrame({level: names}, dtype="str"), labels, values, level)


def test_rows_come_in_the_manifests_order_and_labels_too() -> None:
    names = [f"x/{i}.png" for i in (3, 1, 0, 2, 5, 4)]
    targets, values, rows = align(predicted(names, ("B", "Z", "A")), manifest())
    np.testing.assert_array_equal(targets, manifest().targets)
    np.testing.assert_allclose(values[:2], [[0.08, 0.06], [0.05, 0.03]])
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]
    one = align(predicted(names), manifest(), labels=["B"])
    np.testing.assert_array_equal(one.targets, manifest().targets[:, 1:])
    assert one.values.shape == (6, 1)


def test_the_splits_that_are_predicted_are_the_ones_expected() -> None:
    parts = manifest(split=["train", "train", "val", "val", "test", "test"])
    test = [f"x/{i}.png" for i in (4, 5)]
    assert align(predicted(test), parts).rows.tolist() == [4, 5]
    assert align(predicted([*test, "x/2.png", "x/3.png"]), parts, split="test").rows.tolist() == [4, 5]
    with pytest.raises(UserError, match=r"lacks 1 of the 4 image ids .*first: 'x/3.png'.*--partial"):
        align(predicted([*test, "x/2.png"]), parts)
    assert align(predicted([*test, "x/2.png"]), parts, partial=True).rows.tolist() == [2, 4, 5]
    with pytest.raises(UserError, match="unknown split 'tset'"):
        align(predicted(test), parts, split="tset")
    with pytest.raises(UserError, match=r"of the split 'test' of .* not of 'train'.*predict --split train"):
        align(predicted(test), parts, split="train")
    with pytest.raises(UserError, match=r"none of the 1 image ids .*such as 'y'.* split 'train'"):
        align(predicted(["y"]), parts, split="train")


def test_ids_by_file_name_or_stem() -> None:
    for short in ("{}.png", "{}", "/data/y/{}.dcm"):
        assert align(predicted([short.format(i) for i in range(6)]), manifest()).rows.tolist() == list(range(6))


def test_rows_that_the_manifest_lacks() -> None:
    names = [f"x/{i}.png" for i in range(6)]
    with pytest.raises(UserError, match=r"2 of 8 rows of the predictions are of no image .*first: row 7, 'y'"):
        align(predicted([*names, "y", "z"]), manifest())
    assert len(align(predicted([*names, "y"]), manifest(), partial=True).rows) == 6
    with pytest.raises(UserError, match="none of the 1 image ids"):
        align(predicted(["y"]), manifest(), partial=True)


def test_studies() -> None:
    both = manifest(study=["s", "s", "t", "t", "u", "u"], patient=list("aabbcc"))
    targets, _, rows = align(predicted(["u", "s", "t"], level="study"), both)
    np.testing.assert_array_equal(targets, [[1, 1], [NAN, 0], [1, 1]])  # 1 wins, then unknown, then 0
    assert rows.tolist() == [0, 2, 4]
    with pytest.raises(UserError, match="belongs to two patients"):
        align(predicted(["s"], level="study"), manifest(study=["s"] * 6, patient=list("aabbcc")))
    with pytest.raises(UserError, match="no study column"):
        align(predicted(["s"], level="study"), manifest())
    alone = manifest(study=["s", "s", "", "", "t", "t"])
    assert align(predicted(["s", "t", "x/2.png", "x/3.png"], level="study"), alone).rows.tolist() == [0, 2, 3, 4]


def test_single_label() -> None:
    table = pd.DataFrame({"image": ["a", "b", "c", "d"], "study": ["s", "s", "t", "t"]})
    one = from_classes(table, ["x", "y"], np.array([1, -1, 0, 0]), Path())
    targets, values, _ = align(predicted(["d", "c", "b", "a"], ("y", "x")), one)
    assert targets.tolist() == [1, -1, 0, 0]
    np.testing.assert_allclose(values[0], [0.07, 0.06])
    assert align(predicted(["s", "t"], ("x", "y"), "study"), one).targets.tolist() == [1, 0]
    apart = from_classes(table, ["x", "y"], np.array([1, 0, 0, 0]), Path())
    with pytest.raises(UserError, match="study 's' .* have different classes"):
        align(predicted(["s", "t"], ("x", "y"), "study"), apart)
    with pytest.raises(UserError, match="all of its classes"):
        align(predicted(["d", "c", "b", "a"], ("y", "x")), one, labels=["x"])


def test_labels_that_are_missing() -> None:
    names = [f"x/{i}.png" for i in range(6)]
    with pytest.raises(
        UserError, match="no column for the label 'B'; add it, or evaluate and compare fewer labels with --labels"
    ):
        align(predicted(names, ("A",)), manifest())
    with pytest.raises(UserError, match="unknown label 'C'"):
        align(predicted(names), manifest(), labels=["C"])


def test_an_image_twice_in_the_manifest() -> None:
    twice = manifest().select([0, 0, 1])
    with pytest.raises(UserError, match=r"the image 'x/0.png' in two rows"):
        align(predicted(["x/0.png", "x/1.png"]), twice)
