"""`longtail evaluate`, `compare` and `decide`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_predictions import made_classes, made_manifest, made_predictions

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
    assert run([*words.split(), "--head", "9", "--tail", "2"]) == 0
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


@pytest.mark.usefixtures("in_tmp")
@pytest.mark.parametrize("words", ["evaluate --resamples 5", "compare --resamples 5", "decide"])
@pytest.mark.parametrize("column", ["image", "study"])
def test_rows_of_another_tool_go_by_any_column(words: str, column: str) -> None:
    manifest = made_manifest()
    manifest.save("m.csv")
    write_predictions(made_predictions(manifest, 0.6), "ours.parquet")
    table = pd.read_parquet("ours.parquet")
    if column == "study":
        table = table.groupby(manifest.column("study")).mean(numeric_only=True).reset_index(names="study")
    table.rename(columns={column: "case"}).to_csv("theirs.csv", index=False)
    verb, *more = words.split()
    files = ["theirs.csv", *(["ours.parquet"] if verb == "compare" else []), "m.csv"]
    assert run([verb, *files, *more]) == 2
    assert run([verb, *files, *more, "--id", "case", *(["--level", "study"] if column == "study" else [])]) == 0


@pytest.mark.usefixtures("files")
def test_an_id_column_that_no_file_has(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ("evaluate strong.csv m.csv", "compare strong.csv weak.parquet m.csv", "decide strong.csv m.csv"):
        assert run([*words.split(), "--id", "imag"]) == 2
        assert "unknown id column 'imag' in 'strong.csv'. Did you mean 'image'?" in capsys.readouterr().err


@pytest.mark.usefixtures("in_tmp")
def test_one_class_per_image_gets_calibration_and_no_thresholds(capsys: pytest.CaptureFixture[str]) -> None:
    manifest = made_classes()
    manifest.save("m.csv")
    write_predictions(made_predictions(manifest), "p.parquet")
    assert run(["decide", "p.parquet", "m.csv", "--calibration", "temperature"]) == 0
    told = capsys.readouterr()
    assert "one class per image is decided by the likeliest class, so there are no thresholds" in told.err
    assert "f1" not in told.out
    words = ["--split", "test", "--decisions", "decisions.json", "--resamples", "5"]
    assert run(["evaluate", "p.parquet", "m.csv", *words]) == 0
    assert "F1 chosen" not in capsys.readouterr().out
