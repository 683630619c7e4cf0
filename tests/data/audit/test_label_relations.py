import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longtail.data.audit import label_relations as module
from longtail.data.audit.label_relations import label_relations

STATES = arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=st.sampled_from([0, 1, np.nan]))


def numpys(first, second):
    """numpy.corrcoef over the rows where both are known."""
    known = np.isfinite(first) & np.isfinite(second)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.corrcoef(first[known].astype(float), second[known].astype(float))[0, 1] if known.sum() > 1 else np.nan


@settings(max_examples=80, deadline=None)
@given(states=STATES)
def test_against_loops_and_numpy(states):
    found = label_relations(states)
    for a in range(states.shape[1]):
        for b in range(states.shape[1]):
            first, second = states[:, a], states[:, b]
            both = int(((first == 1) & (second == 1)).sum())
            given_a = int(((first == 1) & np.isfinite(second)).sum())
            assert found.together[a, b] == both
            assert found.conditional[a, b] == (both / given_a) if given_a else np.isnan(found.conditional[a, b])
            assert found.correlation[a, b] == pytest.approx(numpys(first, second), abs=1e-12, nan_ok=True)


def test_undefined_is_nan():
    found = label_relations(np.array([[1, 0, np.nan], [0, 0, np.nan], [1, 0, 1]], dtype=np.float32))
    assert np.isnan(found.correlation[0, 1])  # the second never varies
    assert np.isnan(found.correlation[0, 2])  # one common row
    assert np.isnan(found.conditional[1]).all()  # nobody has it
    assert found.correlation[0, 0] == 1


def test_blocks_add_up(monkeypatch):
    states = np.random.default_rng(0).choice([0, 1, np.nan], (1000, 5)).astype(np.float32)
    whole = label_relations(states)
    monkeypatch.setattr(module, "_BLOCK", 7)
    parts = label_relations(states)
    assert np.array_equal(whole.together, parts.together)
    assert np.array_equal(whole.correlation, parts.correlation)
