"""Samplers that show every row: instance, repeat-factor, oversampled."""

import math

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.sampling import (
    instance_order,
    oversampled_copies,
    oversampled_order,
    repeat_factor_order,
    repeat_factors,
)

STATES = np.zeros((1000, 3), dtype=np.float32)
STATES[:400, 0] = 1
STATES[395:405, 1] = 1  # five rows have the first label too
STATES[900, 2] = 1
STATES[901, 2] = np.nan


def test_instance_is_every_row_once() -> None:
    assert sorted(instance_order(STATES, 0, 0).tolist()) == list(range(1000))


def test_repeat_factors_by_hand() -> None:
    factors = repeat_factors(STATES, 0.1)
    assert (factors[:395] == 1).all()  # frequent
    assert factors[395:405] == pytest.approx(math.sqrt(0.1 / 0.01))  # the largest of a row's labels
    assert factors[900] == pytest.approx(10)
    assert (factors[901:] == 1).all()  # unknown, and rows without labels: kept once
    with pytest.raises(UserError, match="threshold is 0"):
        repeat_factors(STATES, 0)


def test_repeat_factor_rounds_at_random_and_right_on_average() -> None:
    copies = np.array([np.bincount(repeat_factor_order(STATES, 0, e, threshold=0.1)) for e in range(200)])
    assert (copies[:, :395] == 1).all()
    assert (copies[:, 900] == 10).all()
    assert set(copies[:, 395].tolist()) == {3, 4}
    assert copies[:, 395:405].mean() == pytest.approx(math.sqrt(10), abs=0.05)


def test_oversampled_once_per_row_or_once_per_label() -> None:
    by_row = oversampled_copies(STATES, [0, 1])
    assert by_row[:405].tolist() == [2] * 405
    assert (by_row[405:] == 1).all()
    by_label = oversampled_copies(STATES, [0, 1, 1], times=3, per="label")
    assert by_label[[0, 397, 404, 500]].tolist() == [3, 5, 3, 1]
    order = oversampled_order(STATES, 0, 0, labels=[0, 1], times=2)
    assert np.bincount(order).tolist() == by_row.tolist()


def test_labels_that_are_not_there() -> None:
    with pytest.raises(UserError, match="oversampling labels 3 2 times; .* from 0 to 2"):
        oversampled_copies(STATES, [3])
    with pytest.raises(UserError, match="0 times"):
        oversampled_copies(STATES, [1], times=0)
