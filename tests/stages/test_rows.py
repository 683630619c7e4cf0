"""Which rows a stage trains on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError
from longtail.stages.recipe import Stage
from longtail.stages.rows import balanced_rows, select_rows

SPLITS = ["train"] * 8 + ["val"] * 3 + ["test"] * 3
CLASSES = [0, 0, 0, 0, 1, 1, 2, -1, 0, 1, 2, 0, 1, 2]


def single():
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(14)], "split": SPLITS})
    return from_classes(table, ("a", "b", "c"), np.array(CLASSES), Path())


def multi():
    states = np.zeros((14, 3), dtype=np.float32)
    states[[0, 1, 2, 3, 8], 0] = 1
    states[[3, 4, 9], 1] = 1
    states[[5, 10], 2] = 1
    states[6, 1] = np.nan
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(14)], "split": SPLITS})
    return from_states(table, ("a", "b", "c"), states, Path())


def stage(**keys):
    return Stage.model_validate(keys)


def test_rows_are_the_splits_named_and_val_judges():
    chosen = select_rows(single(), stage(), seed=0)
    assert chosen.train.tolist() == list(range(8))
    assert chosen.valid.tolist() == [8, 9, 10]
    both = select_rows(single(), stage(rows=["train", "val"]), seed=0)
    assert both.train.tolist() == list(range(11))
    assert len(both.valid) == 0


def test_the_test_split_is_never_trained_on():
    with pytest.raises(UserError, match="losses never see it"):
        select_rows(single(), stage(rows=["train", "test"]), seed=0)


def test_a_manifest_without_splits_says_how_to_get_them():
    manifest = from_classes(pd.DataFrame({"image": ["a.png"]}), ("a", "b"), np.array([0]), Path())
    with pytest.raises(UserError, match="longtail data split"):
        select_rows(manifest, stage(), seed=0)


@pytest.mark.parametrize("named", [["a"], [0]])
def test_dropping_a_class_takes_its_rows_and_hides_it(named):
    chosen = select_rows(single(), stage(drop_classes=named), seed=0)
    assert chosen.train.tolist() == [4, 5, 6]
    assert chosen.valid.tolist() == [9, 10]
    assert chosen.active.tolist() == [False, True, True]
    assert chosen.labels == ("a", "b", "c")
    assert chosen.targets[chosen.train].tolist() == [1, 1, 2]


def test_a_new_head_has_only_the_classes_that_stay():
    chosen = select_rows(single(), stage(keep_classes=["b", "c"], dropped="new_head"), seed=0)
    assert chosen.labels == ("b", "c")
    assert chosen.targets[chosen.train].tolist() == [0, 0, 1]
    assert chosen.active.all()


def test_multilabel_dropping_takes_rows_that_had_nothing_else():
    chosen = select_rows(multi(), stage(drop_classes=["a"]), seed=0)
    assert chosen.train.tolist() == [3, 4, 5, 6, 7]  # 3 has b too; 6 and 7 had no label at all
    assert np.isnan(chosen.targets[:, 0]).all()


def test_a_group_of_classes_is_by_training_count():
    chosen = select_rows(multi(), stage(keep_classes="head"), seed=0)
    assert chosen.active.tolist() == [True, True, False]  # head is above 1 of 8 images
    with pytest.raises(UserError, match="no class to train on"):
        select_rows(multi(), stage(keep_classes="tail"), seed=0)


def test_oversampling_doubles_rows_of_weak_labels_once():
    rule = stage(oversample={"below_ap": 0.3, "judged_by": "x"})
    chosen = select_rows(multi(), rule, seed=0, judged={"a": 0.5, "b": 0.1, "c": 0.2})
    assert chosen.flagged == {"b": 0.1, "c": 0.2}
    assert sorted(chosen.train.tolist()) == [0, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7]


def test_an_undefined_ap_flags_nothing():
    rule = stage(oversample={"below_ap": 0.3, "judged_by": "x"})
    assert select_rows(multi(), rule, seed=0, judged={"a": np.nan, "b": 0.5, "c": 0.5}).flagged == {}


def test_a_judge_without_predictions_is_told():
    with pytest.raises(UserError, match="judged by 'x'"):
        select_rows(multi(), stage(oversample={"below_ap": 0.3, "judged_by": "x"}), seed=0)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"drop_classes": ["z"]}, "unknown class 'z'"),
        ({"drop_classes": [7]}, "no class number 7"),
        ({"drop_classes": ["a", "b", "c"]}, "no class to train on"),
        ({"drop_classes": ["a"], "keep_classes": ["b"]}, "one of them"),
    ],
)
def test_bad_classes(keys, told):
    with pytest.raises(UserError, match=told):
        select_rows(single(), stage(**keys), seed=0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 30), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_balance_gives_each_class_its_number_with_all_its_rows(classes, per_class, seed):
    targets, rows = np.array(classes), np.arange(len(classes))
    drawn = balanced_rows(targets, rows, per_class, seed)
    for each in set(classes):
        members = rows[targets == each]
        times = [int((drawn == row).sum()) for row in members]
        assert sum(times) == per_class
        assert max(times) - min(times) <= 1
    assert balanced_rows(targets, rows, per_class, seed).tolist() == drawn.tolist()


@pytest.mark.parametrize("made", [single, multi])
def test_largest_is_the_class_with_most_training_rows(made):
    chosen = select_rows(made(), stage(drop_classes="largest"), seed=0)
    assert chosen.active.tolist() == [False, True, True]
    assert select_rows(made(), stage(keep_classes="largest"), seed=0).active.tolist() == [True, False, False]
