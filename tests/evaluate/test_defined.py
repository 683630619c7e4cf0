"""Undefined labels are told with the reason, and means say what they are over."""

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.evaluate import Undefined, auroc, average_precision, macro, undefined_labels

TARGET = np.array([[1, 0, 1, np.nan], [0, 0, 1, np.nan], [np.nan, 0, np.nan, np.nan]])


def test_reasons() -> None:
    assert undefined_labels(TARGET, ["a", "b", "c", "d"]) == [
        Undefined("b", "no positives", 0, 3),
        Undefined("c", "no negatives", 2, 0),
        Undefined("d", "no known rows", 0, 0),
    ]


def test_they_are_the_labels_without_ap_and_auroc() -> None:
    score = np.random.default_rng(0).random(TARGET.shape)
    for metric in (average_precision, auroc):
        assert np.flatnonzero(np.isnan(metric(TARGET, score))).tolist() == [1, 2, 3]


def test_each_column_has_a_name() -> None:
    with pytest.raises(UserError, match="4 columns and 1 labels"):
        undefined_labels(TARGET, ["a"])


def test_means_leave_nan_out_and_count() -> None:
    assert macro([0.5, np.nan, 1.0]) == (0.75, 2)
    mean, over = macro([np.nan])
    assert np.isnan(mean)
    assert over == 0
