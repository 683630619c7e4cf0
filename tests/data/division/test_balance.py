"""How even a split is, and what its user should know."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.division.balance import part_names, split_report, split_table, split_warnings
from longtail.data.manifest import from_states
from longtail.errors import UserError


def made(split, states, **columns):
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(split))], "split": split, **columns})
    return from_states(table, [f"L{i}" for i in range(np.shape(states)[1])], np.array(states, dtype=float), Path())


EIGHT = ["train"] * 4 + ["val"] * 4
STATES = [[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0], [0, np.nan, 0], [0, 0, 0], [0, 0, 0]]


def test_the_report_by_hand():
    report = split_report(made(EIGHT, STATES)).set_index("label")
    assert report.loc["all images", ["images", "train", "val", "deviation"]].tolist() == [8, 4, 4, 0]
    assert report.loc["L0", ["images", "train", "val"]].tolist() == [4, 3, 1]
    assert report.loc["L0", ["train share", "val share", "deviation"]].tolist() == [0.75, 0.25, 0.5]
    assert report.loc["L1", ["images", "train", "val", "deviation"]].tolist() == [1, 1, 0, 1]
    assert report.loc["L2", "images"] == 0
    assert report.loc["L2", ["train share", "deviation"]].isna().all()


def test_rows_without_a_part_are_left_out():
    report = split_report(made(["train", "val", "", ""], [[1], [1], [1], [0]]))
    assert report["images"].tolist() == [2, 2]
    with pytest.raises(UserError, match="empty in every row"):
        split_report(made(["", ""], [[1], [0]]))


def test_parts_in_their_usual_order():
    assert part_names(np.array(["test", "extra", "", "val", "train"], dtype=object)) == [
        "train",
        "val",
        "test",
        "extra",
    ]
    assert part_names(np.array(["10", "9", "0"], dtype=object)) == ["0", "9", "10"]


def test_the_table_for_people():
    columns, rows = split_table(made(EIGHT, STATES))
    assert columns == ["label", "images", "train", "val", "largest deviation"]
    assert rows[1] == ["L0", 4, "3 (75.0%)", "1 (25.0%)", "50.0%"]
    assert rows[3] == ["L2", 0, "0", "0", ""]


def test_warnings_name_leaks_and_missing_labels():
    patients = ["a", "b", "c", "d", "a", "b", "", ""]
    leak, lack = split_warnings(made(EIGHT, STATES, patient=patients))
    assert leak.startswith("2 groups of column 'patient' have images in more than one part")
    assert lack == "'val' has no image with L1, so such a label has no score there."
    assert split_warnings(made(EIGHT, np.ones((8, 1)), patient=list("abcdefgh"))) == []
