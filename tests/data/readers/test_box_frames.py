"""Boxes as numbers, and from one frame to another."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_files import picture

from longtail.data.readers.box_frames import numbers_of, rescaled, sizes_of
from longtail.errors import UserError


def test_numbers(tmp_path: Path):
    table = pd.DataFrame({"a": ["1", "2.5"], "b": ["-3", "1e2"]})
    assert numbers_of(table, ("b", "a"), tmp_path).tolist() == [[-3.0, 1.0], [100.0, 2.5]]
    for bad in ("", "x", "nan", "inf"):
        with pytest.raises(UserError, match="column 'a'"):
            numbers_of(pd.DataFrame({"a": ["1", bad]}), ("a",), tmp_path / "absent.csv")


def test_sizes(tmp_path: Path):
    picture(tmp_path, "a.png", (7, 5))
    sizes = sizes_of(["a.png", "absent.png", "a.png"], tmp_path)
    assert np.array_equal(sizes, [[7, 5], [np.nan, np.nan], [7, 5]], equal_nan=True)
    assert sizes_of([], tmp_path).shape == (0, 2)


def test_rescaling_leaves_unknown_sizes_alone():
    sides = np.array([[10.0, 20, 30, 40], [1, 2, 3, 4], [1, 2, 3, 4]])
    frames = np.array([[100.0, 200], [10, 10], [np.nan, np.nan]])
    sizes = np.array([[50.0, 400], [np.nan, np.nan], [5, 5]])
    assert rescaled(sides, frames, sizes).tolist() == [[5, 40, 15, 80], [1, 2, 3, 4], [1, 2, 3, 4]]
