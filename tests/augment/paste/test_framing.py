"""Geometry of pasting, against hand-made cases and properties."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.augment.paste.framing import (
    Box,
    carried_over,
    content_frame,
    frame_of,
    inside_share,
    mirrored,
    overlaps,
    shifted,
    side_of,
)

FRAME: Box = (0, 0, 100, 80)


@st.composite
def boxes(draw: st.DrawFn, frame: Box = FRAME) -> Box:
    left, right = sorted(draw(st.lists(st.integers(frame[0], frame[2]), min_size=2, max_size=2, unique=True)))
    top, bottom = sorted(draw(st.lists(st.integers(frame[1], frame[3]), min_size=2, max_size=2, unique=True)))
    return left, top, right, bottom


def within(box: Box, frame: Box) -> bool:
    return frame[0] <= box[0] < box[2] <= frame[2] and frame[1] <= box[1] < box[3] <= frame[3]


def test_the_frame_is_what_padding_leaves() -> None:
    assert frame_of((50, 100), 64, "pad") == (0, 16, 64, 48)
    assert frame_of((50, 100), 64, "squash") == (0, 0, 64, 64)
    assert frame_of((50, 100), 64, "crop") == (0, 0, 64, 64)


def test_a_place_is_carried_over_in_proportion() -> None:
    assert carried_over((10, 8, 30, 24), FRAME, FRAME) == (10, 8, 30, 24)
    assert carried_over((10, 8, 30, 24), FRAME, (0, 20, 50, 60)) == (5, 24, 15, 32)


@settings(max_examples=40, deadline=None)
@given(boxes(), st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(20, 60), st.integers(20, 60)))
def test_what_is_carried_over_moved_or_mirrored_stays_inside(box: Box, other: Box) -> None:
    assert within(carried_over(box, FRAME, other), other)
    assert mirrored(mirrored(box, FRAME), FRAME) == box
    for shift in ((0.5, -0.5), (-0.3, 0.2)):
        found = shifted(box, FRAME, shift, keep_side=True)
        assert within(found, FRAME)
        assert (found[2] - found[0], found[3] - found[1]) == (box[2] - box[0], box[3] - box[1])
        assert not side_of(box, FRAME) or side_of(found, FRAME) == side_of(box, FRAME)


def test_a_side_is_left_only_when_that_is_free() -> None:
    assert [side_of((x, 0, x + 20, 9), FRAME) for x in (0, 35, 40, 45, 80)] == [-1, -1, 0, 1, 1]
    assert shifted((10, 0, 30, 9), FRAME, (0.5, 0), keep_side=True) == (30, 0, 50, 9)
    assert shifted((10, 0, 30, 9), FRAME, (0.5, 0), keep_side=False) == (60, 0, 80, 9)


@settings(max_examples=40, deadline=None)
@given(boxes(), boxes())
def test_overlap_and_share_against_masks(one: Box, other: Box) -> None:
    masks = np.zeros((2, 80, 100), bool)
    for mask, box in zip(masks, (one, other), strict=True):
        mask[box[1] : box[3], box[0] : box[2]] = True
    both = masks.all(axis=0).sum()
    assert overlaps(one, [other]) == bool(both)
    assert np.isclose(inside_share(one, other), both / masks[0].sum())
    assert not overlaps(one, [])


def test_the_content_is_what_is_not_black() -> None:
    pixels = np.zeros((40, 60, 1), np.uint8)
    assert content_frame(pixels, (0, 0, 60, 40)) == (0, 0, 60, 40)
    pixels[5:35, 10:50] = 200
    pixels[0, 0] = 255  # a letter at the rim
    assert content_frame(pixels, (0, 0, 60, 40)) == (10, 5, 50, 35)
    assert content_frame(pixels, (20, 0, 60, 40)) == (20, 5, 50, 35)
