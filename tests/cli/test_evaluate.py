"""`longtail evaluate`, `compare` and `decide`."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_predictions import made_manifest, made_predictions

from longtail.cli import run
from longtail.predict.files import write_predictions


@pytest.fixture
def files(in_tmp: Path) -> Path:
    manifest = made_manifest()
    manifest.save("m.csv")
    write_predictions(made_predictions(manifest, 0.2), "weak.parquet")
    write_predictions(made_predictions(manifest, 0.6), "strong.csv")
    return in_tmp


@pytest.mark.usefixtures("files")
def test_evaluate(capsys: pytest.CaptureFixture[str]) -> None:
    words = "evaluate weak.parquet m.csv --split test --by view --resamples 20 --json e.json"
    assert run(words.split()) == 0
    out = capsys.readouterr().out
    assert "60 images of split 'test'" in out
    assert "lateral minus frontal" in out
    assert "no positives" in out
    assert "20 resamples of 30 groups by patient" in out
    found = json.loads(Path("e.json").read_text())
    assert np.isfinite(found["means"]["ap"]["low"])
    assert found["labels"][3]["metrics"]["ap"]["value"] is None


@pytest.mark.usefixtures("files")
def test_decide_then_evaluate(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["decide", "weak.parquet", "m.csv", "--calibration", "beta"]) == 0
    assert "left at .5, for lack of positives or negatives: D" in capsys.readouterr().err
    assert (
        run(
            [
                "evaluate",
                "weak.parquet",
                "m.csv",
                "--split",
                "test",
                "--decisions",
                "decisions.json",
                "--resamples",
                "9",
            ]
        )
        == 0
    )
    assert "F1 chosen" in capsys.readouterr().out


@pytest.mark.usefixtures("files")
def test_compare(capsys: pytest.CaptureFixture[str]) -> None:
    words = "compare weak.parquet two=strong.csv,weak.parquet m.csv --metric auroc --resamples 20 --json c.json"
    assert run(words.split()) == 0
    out = capsys.readouterr().out
    assert "two minus weak, AUROC: better on" in out
    assert "p (Holm)" in out
    assert json.loads(Path("c.json").read_text())["seeds"]["two"]["count"] == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("evaluate no.csv m.csv", "there is no file 'no.csv'"),
        ("evaluate weak.parquet m.csv --split tset", "unknown split 'tset'"),
        ("evaluate weak.parquet m.csv --method bcaa", "unknown method 'bcaa'"),
        ("evaluate weak.parquet m.csv --labels A,Z", "unknown label 'Z'"),
        ("compare weak.parquet m.csv", "give two or more predictions and then the manifest"),
        ("decide weak.parquet m.csv --split test", "chosen on validation rows"),
    ],
)
def test_mistakes_are_one_sentence(files: Path, capsys: pytest.CaptureFixture[str], words: str, why: str) -> None:
    assert files.is_dir()
    assert run(words.split()) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
