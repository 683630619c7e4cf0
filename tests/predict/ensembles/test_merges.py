"""Merges without validation against numpy, scipy and numbers written out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean, rankdata

from longtail.predict.ensembles import ENSEMBLES

_TWO = np.array([[[0.2, 0.9], [0.4, 0.9], [0.6, 0.1]], [[0.8, 0.5], [0.9, 0.7], [0.1, 0.9]]], dtype=np.float32)
_UNFITTED = ("mean", "median", "geometric", "logit_mean", "rank_mean")


def _merged(name: str, values: Any) -> Any:
    return ENSEMBLES.find(name).function(values).values


def test_written_out() -> None:
    np.testing.assert_allclose(_merged("mean", _TWO), [[0.5, 0.7], [0.65, 0.8], [0.35, 0.5]], atol=1e-7)
    np.testing.assert_allclose(_merged("geometric", _TWO)[0], [0.4, np.sqrt(0.45)], atol=1e-7)
    logit = (np.log(0.2 / 0.8) + np.log(0.8 / 0.2)) / 2
    np.testing.assert_allclose(_merged("logit_mean", _TWO)[0, 0], 1 / (1 + np.exp(-logit)), atol=1e-7)
    # ranks of label 0: 1 2 3 and 2 3 1; of label 1: 2.5 2.5 1 and 1 2 3
    expected = (np.array([[1.5, 1.75], [2.5, 2.25], [2, 2]]) - 0.5) / 3
    np.testing.assert_allclose(_merged("rank_mean", _TWO), expected, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 20))
def test_against_scipy(seed: int, members: int, rows: int) -> None:
    values = np.random.default_rng(seed).integers(1, 10, (members, rows, 3)) / 10
    np.testing.assert_allclose(_merged("median", values), np.median(values, axis=0), atol=1e-12)
    np.testing.assert_allclose(_merged("geometric", values), gmean(values, axis=0), atol=1e-12)
    ranks = (rankdata(values, axis=1) - 0.5) / rows
    np.testing.assert_allclose(_merged("rank_mean", values), ranks.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("name", _UNFITTED)
def test_the_order_of_members_changes_nothing_and_extremes_stay_probabilities(name: str) -> None:
    values = np.concatenate([_TWO, np.zeros_like(_TWO[:1]), np.ones_like(_TWO[:1])])
    found = _merged(name, values)
    np.testing.assert_allclose(_merged(name, values[::-1]), found, atol=1e-12)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
    if name != "rank_mean":
        np.testing.assert_allclose(_merged(name, _TWO[:1]), _TWO[0], atol=1e-6)
