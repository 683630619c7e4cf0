"""Splits and folds of manifests: whole groups, even shares, parity with scikit-learn, bad input."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold

from longtail.data.division.balance import split_report
from longtail.data.division.splits import kfold, random_group_parts, split
from longtail.data.grouping import leaking_groups
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.errors import UserError

HAM = {"nv": 6705, "mel": 1113, "bkl": 1099, "bcc": 514, "akiec": 327, "vasc": 142, "df": 115}
REAL = Path(__file__).parents[3].parent / "shared" / "data"


def made(rows=300, patients=80, labels=5, seed=0):
    rng = np.random.default_rng(seed)
    of = rng.integers(0, patients, rows)
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(rows)], "patient": of, "study": np.arange(rows) // 2})
    states = (rng.random((rows, labels)) < np.geomspace(0.4, 0.05, labels)).astype(float)
    return from_states(table, [f"L{i}" for i in range(labels)], states, Path())


def skin():
    """HAM10000's class counts, photographs of made-up lesions."""
    classes = np.repeat(np.arange(7), list(HAM.values()))
    rng = np.random.default_rng(5)
    lesions = [f"{c}-{i}" for c, i in zip(classes, rng.integers(0, 5000, len(classes)), strict=True)]
    table = pd.DataFrame({"image": [f"{i}.jpg" for i in range(len(classes))], "lesion": lesions})
    return from_classes(table, list(HAM), classes, Path())


def test_skin7_of_the_metric_learning_paper():
    report = split_report(split(skin(), "75/5/20", by="image")).set_index("label")
    assert report.loc["nv", "train"] == 5029
    assert report.loc["df", "train"] == 86
    exact = np.outer(list(HAM.values()), [0.75, 0.05, 0.2])
    assert np.abs(report.loc[list(HAM), ["train", "val", "test"]].to_numpy(float) - exact).max() < 1


def test_lesions_stay_whole_by_default():
    manifest = split(skin(), "75/5/20")
    assert leaking_groups(manifest, "lesion") == 0
    assert split_report(manifest)["deviation"].max() < 0.05
    assert leaking_groups(split(skin(), "75/5/20", by="image"), "lesion") > 1000


@given(st.integers(20, 200), st.integers(3, 60), st.integers(0, 9), st.sampled_from(["stratified", "random"]))
@settings(max_examples=40, deadline=None)
def test_no_group_in_two_parts_and_every_row_in_one(rows, patients, seed, method):
    manifest = made(rows, patients, seed=seed)
    if manifest.table["patient"].nunique() < 3:
        return
    done = split(manifest, seed=seed, method=method)
    assert set(done.column("split")) == {"train", "val", "test"}
    assert leaking_groups(done, "patient") == 0
    assert len(done) == rows
    assert done.digest() == split(manifest, seed=seed, method=method).digest()


@given(st.integers(2, 6), st.integers(30, 200), st.integers(6, 60), st.integers(0, 9))
@settings(max_examples=40, deadline=None, derandomize=True)  # rarely, no assignment can do it: see test_presence
def test_each_label_of_k_groups_is_in_every_fold(k, rows, patients, seed):
    manifest = made(rows, patients, seed=seed)
    if manifest.table["patient"].nunique() < k:
        return
    done = kfold(manifest, k, seed=seed)
    fold, patient = done.column("fold"), done.column("patient")
    assert set(fold) == {str(i) for i in range(k)}
    assert leaking_groups(done, "patient", "fold") == 0
    for label in range(5):
        has = manifest.targets[:, label] == 1
        if len(set(patient[has])) >= k:
            assert set(fold[has]) == set(fold)


@pytest.mark.parametrize("k", [2, 5, 10])
@pytest.mark.parametrize("kind", ["integers", "padded", "words"])
def test_group_k_fold_is_that_of_scikit_learn(k, kind):
    rng = np.random.default_rng(k)
    numbers = rng.integers(0, 130, 700)
    groups = {"integers": numbers, "padded": [f"{n:08d}" for n in numbers], "words": [f"p{n}" for n in numbers]}[kind]
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(700)], "patient": groups})
    manifest = from_states(table, ["A"], np.ones((700, 1)), Path())
    done = split(manifest, (1 - 1 / k, 1 / k), method="group-k-fold")
    train, val = next(GroupKFold(k).split(table, groups=groups))
    assert (done.rows_of("val") == val).all()
    assert (done.rows_of("train") == train).all()


def test_group_k_fold_is_five_by_default_and_needs_equal_folds():
    done = split(made(), method="group-k-fold")
    assert len(done.rows_of("val")) == pytest.approx(60, abs=2)
    for ratios in ("70/10/20", "70/30", "20/80"):
        with pytest.raises(UserError, match="one of k equal folds"):
            split(made(), ratios, method="group-k-fold")


def test_groups_written_alike_stay_apart():
    table = pd.DataFrame({"image": list("abcd"), "patient": ["7", "07", "7", "8"]})
    manifest = split(from_states(table, ["A"], np.ones((4, 1)), Path()), "50/50", method="group-k-fold")
    assert leaking_groups(manifest, "patient") == 0


def test_kept_splits_stay_and_the_ratios_hold_among_the_rest():
    fixed = np.where(np.arange(300) % 5 == 0, "test", "train")
    manifest = made().with_column("split", fixed)
    for ratios in ("75/25", "60/20/20"):
        done = split(manifest, ratios, keep=("test",))
        assert (done.rows_of("test") == np.flatnonzero(fixed == "test")).all()
        assert len(done.rows_of("val")) == pytest.approx(60, abs=3)
    with pytest.raises(UserError, match="unknown split 'tset'.*Did you mean 'test'"):
        split(manifest, keep=("tset",))
    with pytest.raises(UserError, match="nothing is left to divide"):
        split(manifest, keep=("train", "test"))
    with pytest.raises(UserError, match="nothing to divide but"):
        split(manifest, "80/20", keep=("train",))
    with pytest.raises(UserError, match="has no column 'split', so no test to keep"):
        split(made(), keep=("test",))


def test_kept_splits_are_in_no_fold():
    manifest = made().with_column("split", np.where(np.arange(300) % 5 == 0, "test", "train"))
    done = kfold(manifest, 4, keep=("test",))
    assert ((done.column("fold") == "") == (done.column("split") == "test")).all()
    assert len(set(done.column("fold"))) == 5


def test_rows_without_a_patient_are_divided_one_by_one():
    manifest = made(rows=200)
    done = split(manifest.with_column("patient", [""] * 200), "50/50")
    assert len(done.rows_of("val")) == 100
    some = manifest.with_column("patient", ["", *manifest.column("patient")[1:]])
    assert leaking_groups(split(some, "50/50"), "patient") == 0


def test_unknown_states_and_classes_are_divided_too():
    states = np.full((40, 2), np.nan)
    states[:10, 0] = 1
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(40)]})
    report = split_report(split(from_states(table, ["A", "B"], states, Path()), "50/50"))
    assert report["train"].tolist() == [20, 5, 0]
    classes = np.array([0, 1, -1, -1] * 10)
    report = split_report(split(from_classes(table, ["A", "B"], classes, Path()), "50/50"))
    assert report["train"].tolist() == [20, 5, 5]


def test_random_groups_hold_the_shares():
    parts = random_group_parts(np.arange(1000) // 2, [0.7, 0.1, 0.2], seed=3)
    assert np.bincount(parts) == pytest.approx([700, 100, 200], abs=2)


def test_one_row_and_too_few_groups():
    table = pd.DataFrame({"image": ["a.png"], "patient": ["p"]})
    with pytest.raises(UserError, match="1 group to divide by 'patient', too few for 3 parts"):
        split(from_states(table, ["A"], np.ones((1, 1)), Path()))
    with pytest.raises(UserError, match="79 groups to divide by 'patient', too few for 81 parts"):
        kfold(made(), 81)
    with pytest.raises(UserError, match="2 or more"):
        kfold(made(), 1)


def test_names_that_are_not_there():
    with pytest.raises(UserError, match="Did you mean 'patient'"):
        split(made(), by="patients")
    with pytest.raises(UserError, match="unknown method 'stratify'.*Did you mean 'stratified'"):
        split(made(), method="stratify")
    with pytest.raises(UserError, match="seed -1 is negative"):
        split(made(), seed=-1)


def test_the_input_is_not_changed():
    manifest = made()
    before = manifest.digest()
    split(manifest)
    assert manifest.digest() == before
    assert not manifest.has("split")


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="the real data is not here")
def test_ham10000_as_published():
    raw = REAL / "ham10000" / "HAM10000_metadata.csv"
    manifest = Manifest.load(raw, image="image_id", label="dx", check_files=False)
    report = split_report(split(manifest, "75/5/20", by="image")).set_index("label")
    assert (report.loc["nv", "train"], report.loc["df", "train"]) == (5029, 86)
    by_lesion = split(manifest, "75/5/20")
    assert leaking_groups(by_lesion, "lesion_id") == 0
    assert split_report(by_lesion)["deviation"].max() < 0.1
