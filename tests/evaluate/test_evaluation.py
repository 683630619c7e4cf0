"""`evaluate`: its numbers are those of the metric functions and of scikit-learn, and its counts say over what."""

import json
from dataclasses import replace

import numpy as np
import pytest
from made_predictions import made_classes, made_manifest, made_predictions
from sklearn import metrics as reference

from longtail.errors import UserError
from longtail.evaluate import auroc, average_precision, bootstrap, brier, f1, log_loss, precision, recall, specificity
from longtail.evaluate.evaluation import evaluate
from longtail.evaluate.showing import tables


def test_multi_label_numbers_are_the_metric_functions() -> None:
    manifest = made_manifest()
    predictions = made_predictions(manifest)
    found = evaluate(predictions, manifest, resamples=40, seed=3, thresholds={"A": 0.3})
    y, v = manifest.targets, predictions.values
    plain = {
        "ap": average_precision(y, v), "auroc": auroc(y, v), "f1": f1(y, v), "precision": precision(y, v),
        "recall": recall(y, v), "specificity": specificity(y, v), "brier": brier(y, v), "log_loss": log_loss(y, v),
        "f1_chosen": f1(y, v, [0.3, 0.5, 0.5, 0.5]),
    }  # fmt: skip
    for name, values in plain.items():
        np.testing.assert_allclose([label.metrics[name].value for label in found.labels], values, atol=1e-6)
        assert found.means[name].value == pytest.approx(np.nanmean(values), abs=1e-6)
        assert found.means[name].over == np.count_nonzero(~np.isnan(values))
        assert found.means[name].low <= found.means[name].high
    boot = bootstrap(y, v, "ap", manifest.column("patient"), resamples=40, seed=3)
    assert found.labels[1].metrics["ap"].low == pytest.approx(boot.low[1])
    assert (found.means["ap"].low, found.means["ap"].high) == pytest.approx((boot.mean_low, boot.mean_high))
    assert [(u.label, u.reason) for u in found.undefined] == [("D", "no positives")]
    assert found.units == {"column": "patient", "count": 60}
    assert "ece_cxrlt_style" in found.means
    assert 0 < found.means["lrap"].value < 1
    json.dumps(found.to_json(), allow_nan=False)


def test_groups_views_and_their_difference() -> None:
    manifest = made_manifest()
    predictions = made_predictions(manifest)
    found = evaluate(predictions, manifest, by=["view"], resamples=30, head=30, tail=20)
    frontal, lateral = found.parts
    for part, rows in ((frontal, slice(0, None, 2)), (lateral, slice(1, None, 2))):
        expected = average_precision(manifest.targets[rows], predictions.values[rows])
        assert part.rows == 60
        assert part.means["ap"].value == pytest.approx(np.nanmean(expected))
    assert not frontal.differences
    apart = lateral.differences["ap"]
    assert apart.value == pytest.approx(lateral.means["ap"].value - frontal.means["ap"].value)
    assert apart.low <= apart.value <= apart.high
    groups = [label.group for label in found.labels]
    assert groups[-1] == "tail"
    heads = [label.metrics["ap"].value for label in found.labels if label.group == "head"]
    assert found.groups["head"]["ap"].value == pytest.approx(np.mean(heads))
    assert found.boundaries["head above"] == 30
    titles = [table.title for table in tables(found)]
    assert "by view" in titles
    assert all(len(row) == len(table.columns) for table in tables(found) for row in table.rows)


def test_single_label_numbers_are_scikit_learns() -> None:
    manifest = made_classes()
    predictions = made_predictions(manifest, skill=0.3)
    found = evaluate(predictions, manifest, resamples=20)
    known = manifest.targets >= 0
    values = predictions.values[known].astype(np.float64)
    y, guess = manifest.targets[known], values.argmax(axis=1)
    expected = {
        "accuracy": reference.accuracy_score(y, guess),
        "recall": reference.balanced_accuracy_score(y, guess),
        "f1": reference.f1_score(y, guess, average="macro"),
        "matthews": reference.matthews_corrcoef(y, guess),
        "kappa": reference.cohen_kappa_score(y, guess),
        "quadratic_kappa": reference.cohen_kappa_score(y, guess, weights="quadratic"),
        "multiclass_log_loss": reference.log_loss(y, predictions.values[known], labels=range(5)),
        "multiclass_brier": ((np.eye(5)[y] - values) ** 2).sum(axis=1).mean(),
    }
    for name, value in expected.items():
        assert found.means[name].value == pytest.approx(value, abs=1e-6 if "multi" in name else 1e-9), name
        assert found.means[name].low <= found.means[name].high
    assert found.confusion == reference.confusion_matrix(y, guess).tolist()
    recalls = reference.recall_score(y, guess, average=None)
    order = np.argsort(-manifest.counts(), kind="stable")
    assert found.groups["major"]["recall"].value == pytest.approx(recalls[order[:3]].mean())
    assert found.groups["minor"]["recall"].value == pytest.approx(recalls[order[3:]].mean())
    fewer = evaluate(predictions, manifest, resamples=5, major=2, minor=1)
    assert fewer.groups["major"]["recall"].value == pytest.approx(recalls[order[:2]].mean())
    assert fewer.members["minor"] == [manifest.labels[order[-1]]]
    with pytest.raises(UserError, match="5 classes cannot give 4 major and 2 minor"):
        evaluate(predictions, manifest, resamples=5, major=4)


def test_studies_are_means_of_their_images() -> None:
    manifest = made_manifest()
    predictions = made_predictions(manifest)
    found = evaluate(predictions, manifest, level="study", resamples=10)
    pairs = predictions.values.reshape(60, 2, 4).mean(axis=1)
    states = np.where(np.isnan(manifest.targets), 0.5, manifest.targets).reshape(60, 2, 4).max(axis=1)
    expected = average_precision(np.where(states == 0.5, np.nan, states), pairs)
    assert (found.rows, found.level) == (60, "study")
    assert found.means["ap"].value == pytest.approx(np.nanmean(expected))


def test_rows_on_their_own_are_told_and_splits_are_taken() -> None:
    manifest = made_manifest()
    alone = replace(manifest, table=manifest.table.drop(columns=["patient", "study"]))
    found = evaluate(made_predictions(alone), alone, split="test", resamples=10)
    assert (found.rows, found.units) == (60, {"column": "image", "count": 60})
    assert "no patient column" in found.notes[0]
    assert not evaluate(made_predictions(manifest), manifest, resamples=10).notes


def test_mistakes() -> None:
    manifest = made_manifest()
    predictions = made_predictions(manifest)
    with pytest.raises(UserError, match="level 95 is not between"):
        evaluate(predictions, manifest, confidence=95)
    with pytest.raises(UserError, match="unknown method 'bc'"):
        evaluate(predictions, manifest, method="bc")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="unknown column 'viewe'"):
        evaluate(predictions, manifest, by=["viewe"])
    with pytest.raises(UserError, match="unknown level 'patient'"):
        evaluate(predictions, manifest, level="patient")


def test_predicted_labels_that_the_manifest_lacks_are_told() -> None:
    manifest = made_manifest()
    predictions = made_predictions(manifest)
    more = np.hstack([predictions.values, predictions.values[:, :1]])
    found = evaluate(replace(predictions, labels=(*predictions.labels, "E"), values=more), manifest, resamples=5)
    assert "predicted, and no labels of the manifest: E." in found.notes
    assert len(found.labels) == 4
