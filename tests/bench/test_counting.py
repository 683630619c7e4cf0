"""Columns of classes, and scores of predictions, against loops."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from longtail.bench.counting import column_scores, counting_for, label_scores
from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError
from longtail.predict.files import write_predictions
from longtail.predict.predictions import Predictions

COUNTS = [3, 50, 20, 7, 30]


def one_class():
    classes = np.repeat(np.arange(5), COUNTS)
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(classes) + 10)]})
    table["split"] = ["train"] * len(classes) + ["test"] * 10
    return from_classes(table, list("abcde"), np.r_[classes, [0, 1, 1, 1, 2, 2, 3, 4, 4, 4]], Path())


def written(manifest, path: Path) -> np.ndarray:
    rows = manifest.rows_of("test")
    values = np.random.default_rng(0).random((len(rows), len(manifest.labels))).astype(np.float32)
    values = softmax(values, axis=1) if manifest.task == "singlelabel" else values
    ids = manifest.table.iloc[rows][["image"]].reset_index(drop=True)
    facts = {"task": manifest.task}
    write_predictions(Predictions(ids, manifest.labels, values, "image", facts), path)
    return values


def test_major_and_minor_go_by_training_count() -> None:
    found = counting_for(one_class(), major=2, minor=1, medium=True)
    assert {name: places.tolist() for name, places in found.columns.items()} == {
        "All": [0, 1, 2, 3, 4],
        "Major": [1, 4],
        "Medium": [2, 3],
        "Minor": [0],
    }
    assert list(counting_for(one_class(), major=2, minor=3, medium=True).columns) == ["All", "Major", "Minor"]
    with pytest.raises(UserError, match="do not fit 5 classes"):
        counting_for(one_class(), major=3, minor=3)


def test_recall_against_a_loop(tmp_path: Path) -> None:
    manifest = one_class()
    values, truth = written(manifest, tmp_path / "p.parquet"), manifest.targets[manifest.rows_of("test")]
    counting = counting_for(manifest, major=2, minor=2)
    scores = label_scores(counting, tmp_path / "p.parquet", manifest)
    recalls = [np.mean(values[truth == c].argmax(axis=1) == c) for c in range(5)]
    np.testing.assert_allclose(scores, recalls)
    columns = column_scores(counting, scores)
    assert columns["All"] == pytest.approx(np.mean(recalls))
    assert columns["Minor"] == pytest.approx((recalls[0] + recalls[3]) / 2)


def test_many_labels_go_by_head_medium_and_tail(tmp_path: Path) -> None:
    states = np.zeros((320, 3), dtype=np.float32)
    states[:100, 0], states[:20, 1], states[:2, 2] = 1, 1, 1
    states[300:305, 0] = states[302:308, 1] = 1  # the third label has no positives in test
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(320)], "split": ["train"] * 300 + ["test"] * 20})
    manifest = from_states(table, ["often", "at times", "rarely"], states, Path())
    written(manifest, tmp_path / "p.parquet")
    counting = counting_for(manifest)
    assert counting.metric == "ap"
    assert {name: places.tolist() for name, places in counting.columns.items()} == {
        "All": [0, 1, 2],
        "Head": [0],
        "Medium": [1],
        "Tail": [2],
    }
    scores = label_scores(counting, tmp_path / "p.parquet", manifest)
    assert np.isnan(scores[2])
    assert column_scores(counting, scores)["All"] == pytest.approx(scores[:2].mean())
