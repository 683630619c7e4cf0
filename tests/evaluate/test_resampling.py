"""Groups as numbers, and how often each is drawn."""

import numpy as np
import pandas as pd
import pytest

from longtail.errors import UserError
from longtail.evaluate.resampling import group_index, resample_counts


def test_rows_of_a_group_share_a_number() -> None:
    index, count = group_index(["p2", "p1", "p2", "p3"], 4)
    assert index is not None
    assert (index.tolist(), count) == ([1, 0, 1, 2], 3)
    index, count = group_index(np.array(["a", 7, "a"], dtype=object), 3)
    assert count == 2
    assert group_index(None, 5) == (None, 5)


def test_every_row_has_a_group() -> None:
    with pytest.raises(UserError, match="one group"):
        group_index(["a"], 2)
    for missing in (None, np.nan, pd.NA):
        with pytest.raises(UserError, match="a row has no group"):
            group_index(np.array(["a", missing], dtype=object), 2)


def test_a_resample_is_its_seed_and_number() -> None:
    first, more = list(resample_counts(50, 3, 7)), list(resample_counts(50, 5, 7))
    np.testing.assert_array_equal(first, more[:3])
    assert all(counts.sum() == 50 for counts in more)
    assert (more[0] != more[1]).any()
    assert (more[0] != next(resample_counts(50, 1, 8))).any()
    assert np.mean(list(resample_counts(20, 2000, 0)), axis=0) == pytest.approx(1, abs=0.12)
