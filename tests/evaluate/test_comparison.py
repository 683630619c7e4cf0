"""`compare`: paired on the same resamples, corrected, with seeds as one entry."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_predictions import made_manifest, made_predictions

from longtail.data.manifest import from_states
from longtail.errors import UserError
from longtail.evaluate import average_precision, bootstrap
from longtail.evaluate.comparison import compare
from longtail.evaluate.entries import entries_of
from longtail.evaluate.showing import comparison_tables

MANIFEST = made_manifest(200)
WEAK, STRONG = (made_predictions(MANIFEST, skill) for skill in (0.05, 0.6))


def test_differences_are_those_of_the_same_resamples() -> None:
    found = compare({"weak": WEAK, "strong": STRONG}, MANIFEST, resamples=60, seed=5)
    patients = MANIFEST.column("patient")
    a, b = (bootstrap(MANIFEST.targets, p.values, "ap", patients, resamples=60, seed=5) for p in (WEAK, STRONG))
    pair = found.pairs[0]
    assert pair.mean.number.value == pytest.approx(b.mean - a.mean)
    apart = b.mean_draws - a.mean_draws
    bias = apart.mean() - pair.mean.number.value
    assert pair.mean.number.low == pytest.approx(np.quantile(apart, 0.025) - bias)
    assert pair.labels[0].number.high == pytest.approx(np.quantile((b.draws - a.draws)[:, 0], 0.975))
    assert pair.mean.number.over == 3
    assert (pair.wins, pair.losses, pair.ties) == (3, 0, 0)
    assert pair.labels[0].p <= pair.labels[0].holm  # type: ignore[operator]
    assert np.isnan([pair.labels[3].number.value, pair.labels[3].p]).all()
    json.dumps(found.to_json(), allow_nan=False)
    assert all(len(row) == len(table.columns) for table in comparison_tables(found) for row in table.rows)


def test_one_of_many_labels_can_be_clear() -> None:
    """The smallest p of 1,000 resamples, corrected over 26 labels, is above .05: more are drawn, or it is said."""
    rng, labels = np.random.default_rng(0), [f"L{i:02}" for i in range(26)]
    truth = (rng.random((60, 26)) < 0.5).astype(np.float32)
    images = pd.DataFrame({"image": [f"{i}.png" for i in range(60)]}, dtype="str")
    manifest = from_states(images, labels, truth, Path())
    entries = {"bad": made_predictions(manifest, 0), "good": made_predictions(manifest, 0.9)}
    found = compare(entries, manifest)
    assert (found.intervals["resamples"], found.pairs[0].clear_wins, found.notes) == (2080, 26, [])
    fewer = compare(entries, manifest, resamples=1000)
    assert fewer.pairs[0].clear_wins == 0
    assert "--resamples 2080" in fewer.notes[0]


def test_labels_of_few_patients_are_shown_without_an_interval() -> None:
    few = made_manifest(24)
    found = compare({"a": made_predictions(few, 0), "b": made_predictions(few, 0.9)}, few, resamples=20)
    cells = {str(row[0]): row[1:] for row in comparison_tables(found)[1].rows}
    assert any(each.number.low != each.number.low and each.number.value > 0 for each in found.pairs[0].labels)
    assert "nan" not in str(cells)
    assert all(p == "" for value, p, _ in cells.values() if "[" not in str(value))
    sure = sum("[" in str(value) for name, (value, *_) in cells.items() if name in few.labels)
    assert any(f"20 resamples are too few for any of {sure} labels" in note for note in found.notes)


def test_a_file_beside_itself_is_no_better() -> None:
    found = compare({"a": WEAK, "b": WEAK}, MANIFEST, metric="auroc", resamples=20).pairs[0]
    assert (found.mean.number.value, found.mean.p, found.ties) == (0, 1, 3)
    assert [label.delong_p for label in found.labels[:3]] == [1, 1, 1]


def test_less_is_more_for_losses() -> None:
    found = compare({"weak": WEAK, "strong": STRONG}, MANIFEST, metric="brier", resamples=20).pairs[0]
    assert found.mean.number.value < 0
    assert found.wins == 4


def test_seeds_are_one_entry() -> None:
    seeds = [made_predictions(MANIFEST, 0.3, seed) for seed in (1, 2, 3)]
    found = compare({"recipe": seeds, "strong": STRONG}, MANIFEST, resamples=20, method="bca")
    values = [np.nanmean(average_precision(MANIFEST.targets, each.values)) for each in seeds]
    assert found.means["recipe"].value == pytest.approx(np.mean(values))
    assert found.seeds == {"recipe": pytest.approx({"count": 3, "mean": np.mean(values), "sd": np.std(values, ddof=1)})}
    assert "3" in str(comparison_tables(found)[0].rows[0][3])


def test_mistakes() -> None:
    with pytest.raises(UserError, match="there is one entry"):
        compare({"a": WEAK}, MANIFEST)
    with pytest.raises(UserError, match="unknown metric 'map'"):
        compare({"a": WEAK, "b": STRONG}, MANIFEST, metric="map")
    with pytest.raises(UserError, match="another kind of task"):
        compare({"a": WEAK, "b": STRONG}, MANIFEST, metric="accuracy")
    test = MANIFEST.rows_of("test")
    part = made_predictions(MANIFEST.select(test))
    with pytest.raises(UserError, match="'b' and 'a' are not of the same rows"):
        compare({"a": WEAK, "b": part}, MANIFEST)


def test_entries_in_words() -> None:
    entries, manifest = entries_of(["r1/test.parquet", "r2/test.parquet", "new=a.csv,b.csv", "m.csv"])
    assert list(entries) == ["r1/test", "r2/test", "new"]
    assert (entries["new"], manifest) == ([Path("a.csv"), Path("b.csv")], Path("m.csv"))
    for words, why in (
        (["a.csv", "m.csv"], "two or more"),
        (["a=x.csv", "a=y.csv", "m.csv"], r"two entries are called 'a'; name them apart: A=y\.csv B="),
        (["a=", "b=y.csv", "m.csv"], "is not NAME=FILE"),
        (["a.csv", "a.csv", "m.csv"], "two entries are called 'a'"),
    ):
        with pytest.raises(UserError, match=why):
            entries_of(words)
