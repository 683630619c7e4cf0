"""Merging readers, against explicit loops."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.boxes import SIDES
from longtail.data.readers.reader_votes import (
    NO_FINDING,
    clusters,
    intersection_over_union,
    merged_boxes,
    voted_states,
)

LABELS = ["Mass", "Nodule", NO_FINDING]
MARKS = st.lists(
    st.tuples(
        st.sampled_from("xyz"),
        st.sampled_from(["R1", "R2", "R3"]),
        st.sampled_from([*LABELS, ""]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(1, 4),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=25,
)


def table(rows) -> pd.DataFrame:
    boxes = [(i, r, label, 10.0 * x, 10.0 * y, 10.0 * (x + w), 10.0 * (y + h)) for i, r, label, x, y, w, h in rows]
    return pd.DataFrame(boxes, columns=["image", "reader", "label", *SIDES])


@settings(max_examples=60, deadline=None)
@given(MARKS, st.integers(1, 3))
def test_votes_as_loops_count_them(rows, agree):
    marks = table(rows)
    images = list(dict.fromkeys(marks["image"]))
    states = voted_states(marks, images, LABELS, agree)
    for i, image in enumerate(images):
        readers = {row[1] for row in rows if row[0] == image}
        need = min(agree, len(readers))
        said = {label: {row[1] for row in rows if row[0] == image and row[2] == label} for label in LABELS}
        found = [len(said[label]) >= need for label in LABELS[:-1]]
        none = len(said[NO_FINDING]) >= need and not any(found)
        assert states[i].tolist() == [*found, none]


@settings(max_examples=40, deadline=None)
@given(MARKS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_boxes_do_not_depend_on_the_order_of_rows_and_follow_the_votes(rows, agree, random):
    marks = table(rows)
    boxes = merged_boxes(marks, agree, 0.5)
    shuffled = rows.copy()
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(boxes, merged_boxes(table(shuffled), agree, 0.5))
    images = list(dict.fromkeys(marks["image"]))
    states = pd.DataFrame(voted_states(marks, images, LABELS, agree), index=images, columns=LABELS)
    for image, label in zip(boxes["image"], boxes["label"], strict=True):
        assert label in ("", NO_FINDING) or states.loc[image, label] == 1
    assert len(merged_boxes(marks, 1, 0.5)) >= len(boxes)


def test_three_readers_of_one_mass():
    marks = pd.DataFrame(
        [
            ("x", "R1", "Mass", 0, 0, 100, 100),
            ("x", "R2", "Mass", 10, 0, 110, 100),
            ("x", "R3", "Mass", 500, 500, 600, 600),
            ("x", "R1", "Nodule", 0, 0, 5, 5),
        ],
        columns=["image", "reader", "label", *SIDES],
    ).astype(dict.fromkeys(SIDES, float))
    assert merged_boxes(marks, 2, 0.5).to_numpy().tolist() == [["x", "Mass", 5.0, 0.0, 105.0, 100.0]]
    assert len(merged_boxes(marks, 1, 0.5)) == 3
    assert merged_boxes(marks, 3, 0.5).empty


def test_one_reader_has_one_vote_for_a_finding():
    box = (0.0, 0.0, 10.0, 10.0)
    assert clusters([box, box, box], ["R1", "R1", "R2"], 0.5) == [[0, 2], [1]]


def test_a_box_joins_the_group_it_overlaps_most():
    sides = [(0.0, 0.0, 10.0, 10.0), (4.0, 0.0, 14.0, 10.0), (3.5, 0.0, 13.5, 10.0)]
    assert clusters(sides, ["R1", "R2", "R3"], 0.45) == [[0], [1, 2]]


def test_boxes_without_area_are_left_out():
    marks = pd.DataFrame([("x", "R1", "Mass", 5.0, 5.0, 5.0, 9.0)], columns=["image", "reader", "label", *SIDES])
    assert merged_boxes(marks, 1, 0.5).empty


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        ([0, 0, 10, 10], 1.0),
        ([5, 0, 15, 10], 1 / 3),
        ([10, 0, 20, 10], 0.0),
        ([20, 20, 30, 30], 0.0),
        ([2, 2, 4, 4], 0.04),
    ],
)
def test_overlap(b, expected):
    assert intersection_over_union((0.0, 0.0, 10.0, 10.0), tuple(b)) == pytest.approx(expected)
