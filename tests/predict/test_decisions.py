"""Decisions: chosen on validation rows, kept with their origin, applied to others."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_predictions import made_classes, made_manifest, made_predictions

from longtail.errors import UserError
from longtail.predict.decisions import decide, read_decisions, write_decisions
from longtail.predict.thresholds import choose_thresholds

MANIFEST = made_manifest()
PREDICTED = made_predictions(MANIFEST)


def test_chosen_on_validation_rows_alone(tmp_path: Path) -> None:
    done = decide(PREDICTED, MANIFEST)
    rows = MANIFEST.rows_of("val")
    expected = choose_thresholds(MANIFEST.targets[rows], PREDICTED.values[rows]).thresholds
    np.testing.assert_allclose(list(done.thresholds.values()), expected)
    assert (done.made_from["split"], done.made_from["rows"], done.made_from["left_at_half"]) == ("val", 60, ["D"])
    assert done.after["f1"]["value"] >= done.before["f1"]["value"]
    assert done.after["brier"] == done.before["brier"]
    assert read_decisions(write_decisions(done, tmp_path / "decisions.json")) == done
    with pytest.raises(UserError, match="60 of the rows are of the split 'test'"):
        decide(PREDICTED, MANIFEST, split="test")


def test_calibration_comes_first_and_once() -> None:
    done = decide(PREDICTED, MANIFEST, calibration="platt", rule="youden")
    after = done.calibrated(PREDICTED)
    assert done.after["log_loss"]["value"] < done.before["log_loss"]["value"]
    chosen = np.array(list(done.thresholds.values()))
    np.testing.assert_array_equal(done.decided(PREDICTED), after.values >= chosen)
    with pytest.raises(UserError, match="calibrated already"):
        done.calibrated(after)
    one = decide(made_predictions(made_classes()), made_classes(), calibration="isotonic")
    assert one.made_from["task"] == "singlelabel"
    assert (one.thresholds, one.made_from["left_at_half"], set(one.after)) == ({}, [], {"brier", "log_loss", "ece"})
    assert "thresholds" not in one.rule
    np.testing.assert_allclose(one.calibrated(made_predictions(made_classes())).values.sum(axis=1), 1, atol=1e-5)


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "decisions.json"
    with pytest.raises(UserError, match="there is no file"):
        read_decisions(path)
    for text in ("{", "[]", json.dumps({"thresholds": {"A": "high"}})):
        path.write_text(text)
        with pytest.raises(UserError, match="is not a decisions file"):
            read_decisions(path)
    for maps in ("platt", ["platt"], {"A": 3}):
        path.write_text(json.dumps({"thresholds": {}, "calibration": maps}))
        with pytest.raises(UserError, match="calibration that is no map of numbers by label; write null"):
            read_decisions(path)
    for value in (-0.1, 30, float("nan")):
        path.write_text(json.dumps({"thresholds": {"A": 1.0000000000000002, "B": value}}))
        with pytest.raises(UserError, match=f"threshold {value:g} for 'B'; write a number from 0 to 1"):
            read_decisions(path)
