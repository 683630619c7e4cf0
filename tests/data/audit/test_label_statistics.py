import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from longtail.data.audit.label_statistics import OTHERS, imbalance, labels_per_image, state_counts, state_counts_by
from longtail.data.manifest import from_classes, from_states

STATES = arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=st.sampled_from([0, 1, np.nan]))


def made(states, **columns):
    table = pd.DataFrame({"image": [f"{i}" for i in range(len(states))], **columns})
    return from_states(table, [f"L{i}" for i in range(states.shape[1])], states, Path())


@settings(max_examples=40, deadline=None)
@given(states=STATES)
def test_counts_against_loops(states):
    counts = state_counts(made(states))
    for label in range(states.shape[1]):
        column = [float(value) for value in states[:, label]]
        assert counts.positive[label] == sum(value == 1 for value in column)
        assert counts.negative[label] == sum(value == 0 for value in column)
        assert counts.unknown[label] == sum(math.isnan(value) for value in column)
        known = counts.positive[label] + counts.negative[label]
        assert (
            (counts.prevalence[label] == counts.positive[label] / known)
            if known
            else np.isnan(counts.prevalence[label])
        )
    assert counts.rows == len(states)


@settings(max_examples=40, deadline=None)
@given(states=STATES, data=st.data())
def test_counts_by_part_against_crosstab(states, data):
    views = data.draw(st.lists(st.sampled_from(["PA", "AP", "LL"]), min_size=len(states), max_size=len(states)))
    by = state_counts_by(made(states, view=views), "view")
    for label in range(states.shape[1]):
        table = pd.crosstab(pd.Series(views), pd.Series(states[:, label]).map({0: "no", 1: "yes"}).fillna("unknown"))
        for view, counts in by.items():
            assert counts.positive[label] == table.get("yes", {}).get(view, 0)
            assert counts.negative[label] == table.get("no", {}).get(view, 0)
            assert counts.unknown[label] == table.get("unknown", {}).get(view, 0)
    assert [counts.rows for counts in by.values()] == sorted((views.count(v) for v in set(views)), reverse=True)


def test_single_label_counts_mask_unknown_classes():
    table = pd.DataFrame({"image": list("abcde"), "split": ["t", "t", "v", "v", "v"]})
    manifest = from_classes(table, ["x", "y"], [0, 1, -1, 1, 1], Path())
    counts = state_counts(manifest)
    assert (counts.positive.tolist(), counts.negative.tolist(), counts.unknown.tolist()) == ([1, 3], [3, 1], [1, 1])
    by = state_counts_by(manifest, "split")
    assert by["v"].positive.tolist() == [0, 2]
    assert by["v"].unknown_rate.tolist() == [pytest.approx(1 / 3)] * 2


def test_many_values_are_summed_up_and_empty_ones_named():
    views = ["a"] * 3 + ["b"] * 2 + ["", "c"]
    by = state_counts_by(made(np.ones((7, 1)), view=views), "view", most=2)
    assert {name: counts.rows for name, counts in by.items()} == {"a": 3, "b": 2, OTHERS: 2}
    assert "(not given)" in state_counts_by(made(np.ones((7, 1)), view=views), "view")


def test_imbalance():
    found = imbalance(("a", "b", "c", "d"), np.array([10, 0, 4, 40]))
    assert (found.ratio, found.most, found.least, found.without) == (10.0, "d", "c", ["b"])
    nothing = imbalance(("a",), np.array([0]))
    assert np.isnan(nothing.ratio)
    assert nothing.most is None


@settings(max_examples=40, deadline=None)
@given(states=STATES)
def test_labels_per_image_against_loops(states):
    found = labels_per_image(states)
    sizes = [sum(value == 1 for value in row) for row in states.tolist()]
    assert found.cardinality == pytest.approx(sum(sizes) / len(sizes))
    assert found.histogram == {k: sizes.count(k) for k in sorted(set(sizes))}
    assert found.nothing_known == sum(all(math.isnan(value) for value in row) for row in states.tolist())
    if not np.isnan(states).any():
        assert found.density == pytest.approx(found.cardinality / states.shape[1])
