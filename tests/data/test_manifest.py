from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.boxes import box_table
from longtail.data.manifest import as_text, from_classes, from_states
from longtail.errors import UserError


def made():
    table = pd.DataFrame({"image": ["a", "b", "c"], "patient": [1, 2, None], "split": ["train", "train", "test"]})
    states = [[1, 0], [np.nan, 1], [0, 1]]
    boxes = box_table([("a", "A", 0, 0, 2, 2), ("c", "B", 0, 0, 3, 3)])
    return from_states(table, ["A", "B"], states, Path("root"), boxes)


def test_counts_of_all_and_of_some_rows():
    assert made().counts().tolist() == [1, 2]
    assert made().counts(np.array([True, False, True])).tolist() == [1, 1]
    single = from_classes(pd.DataFrame({"image": list("abcd")}), ["x", "y", "z"], [0, 2, -1, 2], Path())
    assert single.counts().tolist() == [1, 0, 2]
    assert np.isnan(single.one_hot[2]).all()
    assert single.one_hot[1].tolist() == [0, 0, 1]


def test_rows_of_a_split():
    assert made().rows_of("train").tolist() == [0, 1]
    with pytest.raises(UserError, match="unknown split 'tran'.*Did you mean 'train'"):
        made().rows_of("tran")
    with pytest.raises(UserError, match="unknown column 'studdy'"):
        made().column("studdy")


@pytest.mark.parametrize("rows", [[2, 0], np.array([2, 0])])
def test_select_keeps_order_and_boxes(rows):
    some = made().select(rows)
    assert some.column("image").tolist() == ["c", "a"]
    assert np.array_equal(some.targets, [[0, 1], [1, 0]])
    assert len(some.boxes) == 2
    assert made().select(np.array([True, True, False])).boxes["image"].tolist() == ["a"]


def test_with_column_leaves_the_first_alone():
    first = made()
    assert first.with_column("split", ["x"] * 3).column("split").tolist() == ["x"] * 3
    assert first.column("split").tolist() == ["train", "train", "test"]


def test_as_text():
    frame = as_text(pd.DataFrame({"a": [1, None], "b": ["x", None], "c": [True, False]}, index=[5, 7]))
    assert frame["b"].tolist() == ["x", ""]
    assert frame["a"].tolist()[1] == ""
    assert frame.index.tolist() == [0, 1]


def test_digest_follows_rows_labels_and_boxes_only():
    base = made().digest()
    assert made().digest() == base
    assert made().with_column("split", ["train", "test", "test"]).digest() != base
    assert made().select([1, 0, 2]).digest() != base
    assert from_states(made().table, ["A", "B"], made().targets, Path("elsewhere"), made().boxes).digest() == base
    assert from_states(made().table, ["A", "B"], made().targets, Path("root")).digest() != base


def test_no_rows_may_be_selected():
    none = made().select([])
    assert len(none) == 0
    assert none.targets.shape == (0, 2)
    assert len(made().select(np.zeros(3, dtype=bool))) == 0
