"""Pieces of features: found by key, put together by row, whole or not there."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from longtail.stages.kept_features import KeptFeatures, new_piece


def key(number: int) -> bytes:
    return number.to_bytes(16, "little")


def write(store: Path, identity: str, numbers: list[int], views: int = 1) -> None:
    values = np.array([[[view, number] for number in numbers] for view in range(views)], dtype=np.float32)
    np.save(new_piece(store, identity, [key(number) for number in numbers]), values)


def test_each_row_gets_its_own(tmp_path: Path) -> None:
    write(tmp_path, "a", [5, 3, 8], views=2)
    write(tmp_path, "a", [1, 9], views=2)
    write(tmp_path, "b", [2])
    found = KeptFeatures.open(tmp_path, "a")
    numbers = [9, 3, 1, 5]
    rows = np.array([0, 2, 3, 6])
    features = found.of(rows, [key(number) for number in numbers], 7)
    assert features.views == 2
    asked, view = np.array([6, 0, 2, 2, 3]), np.array([0, 1, 0, 1, 1])
    np.testing.assert_array_equal(features.rows(asked, view), [[0, 5], [1, 9], [0, 3], [1, 3], [1, 1]])
    assert features.rows(asked[:0], view[:0]).shape == (0, 2)


def test_what_is_lacking_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, "a", [5, 3])
    lacking = KeptFeatures.open(tmp_path, "a").lacks([key(n) for n in (7, 5, 7, 3, 4)])
    np.testing.assert_array_equal(lacking, [True, False, False, False, True])
    assert KeptFeatures.open(tmp_path, "none").lacks([key(1)]).all()


def test_a_piece_whose_features_were_never_written_is_none(tmp_path: Path) -> None:
    new_piece(tmp_path, "a", [key(1)])
    assert KeptFeatures.open(tmp_path, "a").lacks([key(1)]).all()


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8, unique=True), min_size=1, max_size=4))
def test_any_pieces(tmp_path_factory: object, pieces: list[list[int]]) -> None:
    store: Path = tmp_path_factory.mktemp("pieces")  # type: ignore[attr-defined]
    for numbers in pieces:
        write(store, "a", numbers)
    every = sorted({number for numbers in pieces for number in numbers})
    rows = np.arange(len(every))
    found = KeptFeatures.open(store, "a").of(rows, [key(n) for n in every], len(every))
    np.testing.assert_array_equal(found.rows(rows, 0 * rows)[:, 1], every)


def test_a_piece_without_its_keys_is_none(tmp_path: Path) -> None:
    write(tmp_path, "a", [5])
    write(tmp_path, "a", [3])
    sorted(tmp_path.glob("*.keys"))[0].unlink()
    assert len(KeptFeatures.open(tmp_path, "a").where) == 1
