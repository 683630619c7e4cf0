"""`longtail predict` on files; with a run see tests/predict/test_predicting.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_studies import guesses, study_manifest

from longtail.cli import run
from longtail.data.readers.cxr_lt_2024 import TASK_1
from longtail.errors import UserError
from longtail.predict import read_predictions, write_predictions


@pytest.fixture
def files(in_tmp: Path) -> Path:
    manifest = study_manifest(40)
    manifest.save("m.csv")
    for seed in (1, 2):
        write_predictions(guesses(manifest, seed, 0.2), f"p{seed}.parquet")
    return in_tmp


@pytest.mark.usefixtures("files")
def test_a_mean_of_files_by_study(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["predict", "--from", "p1.parquet", "p2.parquet", "--ensemble", "mean", "--study", "mean"]
    assert run([*words, "--manifest", "m.csv", "--out", "p.parquet"]) == 0
    assert capsys.readouterr().out == "wrote p.parquet: 40 studies, 3 labels\n"
    found = read_predictions("p.parquet")
    assert found.level == "study"
    assert found.facts["ensemble"] == {"merge": "mean", "members": ["p1", "p2"]}


@pytest.mark.usefixtures("files")
def test_fitted_and_viewed(capsys: pytest.CaptureFixture[str]) -> None:
    judges = ["--judge", "p1.parquet", "--judge", "p2.parquet"]
    words = ["predict", "--from", "p1.parquet", "p2.parquet", "--ensemble", "weighted,rounds=5", *judges]
    assert run([*words, "--manifest", "m.csv", "--views", "frontal_replaces_lateral", "--out", "p.csv"]) == 0
    out = capsys.readouterr().out
    assert "Members, on validation" in out
    assert "frontal replaces lateral for:" in out
    assert len(read_predictions("p.csv")) == len(read_predictions("p1.parquet"))


def test_a_submission(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = study_manifest(5, TASK_1)
    write_predictions(guesses(manifest), "p.parquet")
    words = ["predict", "--from", "p.parquet", "--submission", "cxr-lt-2024-task2", "--out", "s.csv"]
    assert run(words) == 0
    assert "a submission to cxr-lt-2024-task2" in capsys.readouterr().out
    header = (in_tmp / "s.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[15:17] == ["Normal", "Nodule"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "p.txt"], "'p.txt' must end in .parquet or .csv"),
        (["--submission", "cxr-lt-24", "--out", "s.csv"], "unknown submission 'cxr-lt-24'"),
        (["--submission", "cxr-lt-2024-task1", "--out", "s.parquet"], "'s.parquet' must end in .csv or .zip"),
        (["--submission", "isic2018", "--out", "s.csv"], "no column 'MEL' in the predictions, which"),
        (["--submission", "cxr-lt-2024-task1", "--out", "s.csv", "--study", "mean"], "predictions are of stud"),
        (["--submission", "cxr-lt-2024-task1", "--out", "s.csv"], "asked to predict"),
    ],
)
@pytest.mark.parametrize("exported", [False, True])
def test_what_cannot_be_written_is_refused_before_any_image(
    words: list[str], message: str, exported: bool, in_tmp: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def asked(*_: object, **__: object) -> None:
        raise UserError("asked to predict.")

    monkeypatch.setattr("longtail.predict.predicting.predict", asked)
    monkeypatch.setattr("longtail.export.predicting.predict_export", asked)
    study_manifest(4, TASK_1).save("m.csv")
    (in_tmp / "run").mkdir()
    if exported:
        told = {"export": 1, "labels": TASK_1, "plan": {"study": None, "keep_images": False}}
        Path("run/export.json").write_text(json.dumps(told))
    else:
        Path("run/recipe.yaml").write_text("recipe: r\nstages: {ce: {}}\n")
        Path("run/manifest.json").write_text(json.dumps({"labels": TASK_1}))
    assert run(["predict", "run", "m.csv", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["p1.parquet", "--out", "p.csv"], "write 'longtail predict RUN MANIFEST --out FILE'"),
        (
            ["--from", "p1.parquet", "p2.parquet", "--ensemble", "weighted", "--out", "p.csv"],
            "validation predictions of",
        ),
        (["--from", "p1.parquet", "p2.parquet", "--ensemble", "men", "--out", "p.csv"], "Did you mean 'mean'"),
        (["--from", "p1.parquet", "--study", "mean", "--out", "p.csv"], "give a manifest that has it"),
        (["run", "m.csv", "--out", "p.csv"], "is no run"),
    ],
)
def test_mistakes(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", *words]) == 2
    assert message in capsys.readouterr().err
    assert not Path("p.csv").exists()


@pytest.mark.usefixtures("files")
def test_files_alone_need_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from longtail.cli import run;"
        "run(['predict', '--from', 'p1.parquet', 'p2.parquet', '--ensemble', 'rank_mean', '--out', 'p.csv']);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
    assert np.isfinite(read_predictions("p.csv").values).all()
