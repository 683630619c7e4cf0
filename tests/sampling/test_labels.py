import numpy as np
import pytest

from longtail.errors import UserError
from longtail.sampling.labels import counts_of, label_chances, num_rows, row_chances, rows_by_label

NAN = np.nan


def test_rows_of_several_labels_and_of_one() -> None:
    states = np.array([[1, 0, NAN], [1, 1, 0], [NAN, NAN, 0]], dtype=np.float32)
    assert [rows.tolist() for rows in rows_by_label(states)] == [[0, 1], [1], []]
    assert [rows.tolist() for rows in rows_by_label([2, 0, -1, 2])] == [[1], [], [0, 3]]
    assert [rows.tolist() for rows in rows_by_label(np.array([1, 0], dtype=np.uint8))] == [[1], [0]]
    assert rows_by_label(np.array([-1, -1])) == []
    assert num_rows(states) == 3


def test_chances_skip_empty_labels() -> None:
    rows = rows_by_label([0, 0, 0, 2])
    assert label_chances(rows, 1.0).tolist() == [0.5, 0, 0.5]
    assert counts_of(rows).tolist() == [3, 1, 1]
    assert row_chances(rows, label_chances(rows, 1.0), 4).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_what_cannot_be_drawn_from_is_refused() -> None:
    with pytest.raises(UserError, match="no row has a label"):
        label_chances(rows_by_label(np.zeros((3, 2))), 1.0)
    with pytest.raises(UserError, match=r"targets have shape \(2,\) and type float64"):
        rows_by_label([0.5, 1.0])
    with pytest.raises(UserError, match=r"shape \(1, 1, 1\)"):
        rows_by_label([[[1]]])
