"""Cutting manifests down to a long tail."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.division.tails import imbalance_ratio, tail, tail_report, tail_warnings
from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError

PATH = [9366, 9509, 10360, 10401, 8006, 12182, 7886, 9401, 12885]  # PathMNIST's training images


def single(counts, split=None):
    classes = np.repeat(np.arange(len(counts)), counts)
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(classes))]})
    if split is not None:
        table["split"] = split
    return from_classes(table, [f"c{i}" for i in range(len(counts))], classes, Path())


def multi(rows=2000, labels=6, seed=0):
    rng = np.random.default_rng(seed)
    states = (rng.random((rows, labels)) < np.linspace(0.4, 0.2, labels)).astype(np.float32)
    states[rng.random(states.shape) < 0.05] = np.nan
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(rows)]})
    return from_states(table, [f"L{i}" for i in range(labels)], states, Path())


def test_pathmnist_lt_starts_from_the_first_class():
    assert tail(single(PATH), ratio=100).counts().tolist() == [9366, 5267, 2962, 1666, 937, 527, 296, 167, 94]


def test_by_frequency():
    done = tail(single([50, 100, 80]), ratio=4, order="frequency")
    assert done.counts().tolist() == [25, 100, 50]


def test_a_class_with_too_few_keeps_all_and_is_reported():
    before = single([100, 20, 100])
    after = tail(before, ratio=4)
    report = tail_report(before, after, ratio=4)
    assert report["target"].tolist() == [100, 50, 25]
    assert report["after"].tolist() == [100, 20, 25]
    (warning,) = tail_warnings(report)
    assert warning.startswith("c1 (20 of 50) had fewer images than their target")
    assert "from 40 images down" in warning
    assert tail(before, ratio=4, n_max=40).counts().tolist() == [40, 20, 10]


def test_other_splits_stay():
    split = np.tile(["train", "train", "test"], 100)
    before = single([150, 150], split)
    after = tail(before, ratio=10)
    assert after.counts(after.rows_of("train")).tolist() == [100, 10]
    assert after.counts(after.rows_of("test")).tolist() == [50, 50]
    assert tail(before, ratio=10, within=None).counts().tolist() == [150, 15]
    with pytest.raises(UserError, match="unknown split 'tain'"):
        tail(before, ratio=10, within="tain")


def test_rows_keep_their_order_and_a_larger_ratio_keeps_a_subset():
    before = single([200, 200, 200])
    kept = [[int(name[:-4]) for name in tail(before, ratio=ratio, seed=4).table["image"]] for ratio in (10, 100)]
    assert kept[0] == sorted(kept[0])
    assert set(kept[1]) < set(kept[0])
    assert kept[0] != [int(name[:-4]) for name in tail(before, ratio=10, seed=5).table["image"]]


def test_unknown_classes_stay():
    manifest = single([50, 50])
    manifest.targets[0] = -1
    assert len(tail(manifest, ratio=7, n_max=49)) == 49 + 7 + 1


def test_sar_head_class():
    done = tail(single([300] * 10), head_share=0.8, head="c3")
    counts = done.counts()
    assert counts[3] == 300
    assert counts[3] / counts.sum() == 0.8
    ranked = tail(single([90, 300, 70]), head_share=0.8, head="c1", order="frequency", ratio=4).counts()
    assert ranked[1] == 300
    assert ranked[0] / ranked[2] == pytest.approx(4, rel=0.1)


@given(st.integers(0, 99), st.floats(1, 30), st.sampled_from(["listed", "frequency"]))
@settings(max_examples=25, deadline=None)
def test_multi_label_targets_are_upper_bounds(seed, ratio, order):
    before = multi(600, seed=seed)
    after = tail(before, ratio=ratio, order=order, seed=seed)
    report = tail_report(before, after, ratio=ratio, order=order)
    assert (report["after"] <= report["target"]).all()
    assert after.digest() == tail(before, ratio=ratio, order=order, seed=seed).digest()
    empty = ~(before.targets == 1).any(axis=1)
    assert set(before.table["image"][empty]) <= set(after.table["image"])


def test_multi_label_comes_near_its_targets_where_labels_are_rare():
    rng = np.random.default_rng(0)
    states = (rng.random((20_000, 6)) < 0.05).astype(np.float32)
    before = from_states(pd.DataFrame({"image": np.arange(20_000)}), list("ABCDEF"), states, Path())
    report = tail_report(before, tail(before, ratio=20), ratio=20)
    assert (report["after"] >= 0.8 * report["target"]).all()
    assert 17 < imbalance_ratio(report["after"].to_numpy()) <= 20


def test_multi_label_spares_images_that_other_labels_need():
    states = np.array([[1, 1], [1, 1], [0, 1], [0, 1]], dtype=float)  # B has to lose two: the two that A can spare
    before = from_states(pd.DataFrame({"image": list("abcd")}), ["A", "B"], states, Path())
    after = tail(before, ratio=1)
    assert after.table["image"].tolist() == ["a", "b"]


def test_multi_label_says_what_fell_below_its_target():
    states = np.array([[1, 1]] * 10, dtype=float)
    before = from_states(pd.DataFrame({"image": range(10)}), ["A", "B"], states, Path())
    report = tail_report(before, tail(before, ratio=5), ratio=5)
    assert report["after"].tolist() == [2, 2]
    assert tail_warnings(report) == [
        "A (2 of 10) ended below their target, since they share images with labels that were cut."
    ]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "say what the tail is"),
        ({"ratio": 10, "head": "c0"}, "a head only with a share"),
        ({"ratio": 0.01}, "write 100"),
        ({"ratio": 100}, "c2 would have none"),
        ({"ratio": 2, "n_max": 0}, "n_max is 0"),
        ({"ratio": 2, "order": "listd"}, "Did you mean 'listed'"),
        ({"head_share": 0.8, "head": "c9"}, "unknown label 'c9'"),
        ({"head_share": 0.99}, "too few to hold 99%"),
    ],
)
def test_bad_requests(asked, why):
    with pytest.raises(UserError, match=why):
        tail(single([40, 30, 20]), **asked)


def test_a_first_class_without_images_and_one_row():
    with pytest.raises(UserError, match="first label 'c0' has no image.*by frequency"):
        tail(single([0, 10]), ratio=2)
    assert len(tail(single([1]), ratio=1)) == 1


def test_no_head_share_of_many_labels():
    with pytest.raises(UserError, match="one class per image"):
        tail(multi(), head_share=0.8)


def test_imbalance_ratio():
    assert imbalance_ratio(np.array([100, 0, 4])) == 25
    assert np.isnan(imbalance_ratio(np.array([0])))
