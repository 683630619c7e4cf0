"""k-fold runs, through the command line on a few tiny images: what is trained, joined, averaged and gone on with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from made_jobs import SIZE, made_manifest

from longtail.cli import run as longtail
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.evaluate.ap import average_precision
from longtail.predict.files import align, read_predictions
from longtail.stages import folding, outcome
from longtail.stages.folding import fold_manifest, folded

STAGE = {"image_size": SIZE, "batch_size": 8, "epochs": 1, "precision": "fp32"}


def grouped(folder: Path, *, test: bool = True) -> Manifest:
    """Two images of each patient, those of every sixth patient for the test."""
    folder.mkdir(parents=True, exist_ok=True)
    made = made_manifest(folder, 60)
    patients = [f"p{row // 2}" for row in range(60)]
    made = made.with_column("patient", patients)
    return made.with_column(
        "split", [("test" if test and row // 2 % 6 == 5 else ("train", "val")[row // 2 % 2]) for row in range(60)]
    )


def command(folder: Path, run: str, *more: str) -> int:
    return longtail(
        ["fit", str(folder / "r.yaml"), str(folder / "m.csv"), "--out", str(folder / run), "--folds", "3", *more]
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("folds")
    grouped(folder / "images").save(folder / "m.csv")
    recipe = {"recipe": "r", "model": {"backbone": "small", "weights": "none"}, "stages": {"one": STAGE}}
    recipe["predict"] = {"calibration": "temperature"}
    (folder / "r.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome, "resamples_of", lambda _: 20)
        patch.setattr(folding, "resamples_of", lambda _: 20)
        assert command(folder, "run") == 0
        yield folder


def test_folds_keep_patients_whole_and_test_rows_out(tmp_path: Path) -> None:
    made = folded(grouped(tmp_path), 3)
    fold, patients = made.column("fold"), made.column("patient")
    assert set(fold[made.rows_of("train")]) == {"0", "1", "2"}
    assert set(fold[made.rows_of("test")]) == {""}
    assert (pd.Series(fold).groupby(patients).nunique() == 1).all()
    second = fold_manifest(made, 1)
    assert (second.rows_of("val") == np.flatnonzero(fold == "1")).all()
    assert (second.rows_of("test") == made.rows_of("test")).all()


def test_without_splits_all_rows_are_folded_and_ones_own_folds_stand(tmp_path: Path) -> None:
    made = grouped(tmp_path, test=False)
    plain = Manifest(made.table.drop(columns="split"), made.labels, made.targets, made.root)
    assert set(folded(plain, 3).column("fold")) == {"0", "1", "2"}
    own = plain.with_column("fold", [str(row % 4) for row in range(60)])
    assert (folded(own, 4).column("fold") == own.column("fold")).all()
    with pytest.raises(UserError, match="4 folds"):
        folded(own, 3)


def test_every_row_is_predicted_by_the_fold_that_did_not_see_it(place: Path) -> None:
    made = Manifest.load(place / "run" / "folds.csv")
    whole = read_predictions(place / "run" / "predictions" / "out_of_fold.parquet")
    assert sorted(whole.keys) == sorted(made.table["image"][made.rows_of("train")])
    for number in range(3):
        part = read_predictions(place / "run" / "folds" / str(number) / "predictions" / "val.parquet")
        assert set(part.keys) == set(made.table["image"][made.column("fold") == str(number)])
        assert not part.facts.get("calibrated")
    assert whole.facts["calibrated"]
    assert len(whole.facts["ensemble"]["members"]) == 3


def test_numbers_are_of_the_out_of_fold_rows(place: Path) -> None:
    run, made = place / "run", Manifest.load(place / "run" / "folds.csv")
    told = json.loads((run / "metrics.json").read_text())
    assert told["folds"] == 3
    targets, values, rows = align(read_predictions(run / "predictions" / "out_of_fold.parquet"), made, split="train")
    assert len(rows) == len(made.rows_of("train"))
    wanted = float(np.nanmean(average_precision(targets, values)))
    assert str(round(wanted, 6))[:6] in (run / "metrics.json").read_text()
    assert json.loads((run / "decisions.json").read_text())["made_from"]["rows"] == len(rows)
    assert "one" in (run / "report.html").read_text()
    assert yaml.safe_load((run / "recipe.yaml").read_text())["folds"] == 3


def test_the_test_split_gets_the_mean_also_by_predict(place: Path) -> None:
    run = place / "run"
    parts = [read_predictions(run / "folds" / str(i) / "predictions" / "test.parquet") for i in range(3)]
    mean = np.mean([part.values for part in parts], axis=0)
    arguments = [str(run), str(place / "m.csv"), "--split", "test", "--out", str(place / "t.parquet")]
    assert longtail(["predict", *arguments]) == 0
    found = read_predictions(place / "t.parquet")
    np.testing.assert_allclose(found.values, mean, atol=1e-5)
    assert list(found.keys) == list(read_predictions(run / "predictions" / "test.parquet").keys)


def test_again_trains_nothing_and_a_lost_fold_is_trained_again_alone(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, metrics = place / "run", place / "run" / "metrics.json"
    before, stamp = metrics.read_text(), metrics.stat().st_mtime_ns
    assert command(place, "run") == 0
    assert metrics.stat().st_mtime_ns == stamp
    facts = json.loads((run / "folds" / "1" / "stages" / "one" / "stage.json").read_text())
    for path in (run / "store" / facts["identity"] / "stage.json", metrics):
        path.unlink()
    capsys.readouterr()
    assert command(place, "run") == 0
    assert capsys.readouterr().err.count(": epoch 1,") <= 1
    assert json.loads(metrics.read_text())["stages"] == json.loads(before)["stages"]


def test_another_number_of_folds_or_none_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(place, "run", "--folds", "4") == 2
    assert "has 3 folds" in capsys.readouterr().err
    assert command(place, "run", "--seed", "5") == 2
    assert "folded with seed 0" in capsys.readouterr().err
    (place / "other").mkdir(exist_ok=True)
    (place / "other" / "manifest.json").write_text("{}")
    assert command(place, "other") == 2
    assert "started without folds" in capsys.readouterr().err
