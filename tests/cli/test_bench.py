"""`longtail bench` on a few made images: the table, what is shared, what a second call does, and mistakes."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.cli import run

TABLE = """
table: tiny
base:
  task: singlelabel
  model: {backbone: resnet10t, head: linear, weights: none}
  defaults: {image_size: 32, batch_size: 8, epochs: 1, optimizer: {adamw: {lr: 0.001}}, loss: cross_entropy}
stages:
  ce: {}
  crw: {train: head, epochs: 2, class_weights: inverse}
  la: {train: head, epochs: 0, model: {head: logit_adjusted}}
rows:
  CE: {stages: [ce], paper: {skin7: [83.12, 0.89]}}
  CE -> cRW: [ce, crw]
  CE -> LA: [ce, la]
against: CE
"""
IMAGES = {"train": (10, 6, 3), "val": (2, 2, 2), "test": (5, 5, 5)}  # with fewer of each there is no interval


def made(folder: Path) -> None:
    """Images whose class is a colour."""
    rng = np.random.default_rng(0)
    rows = []
    for split, counts in IMAGES.items():
        for label, count in enumerate(counts):
            for i in range(count):
                pixels = rng.integers(0, 120, (32, 32, 3))
                pixels[:, :, label] += 100
                name = f"{split}{label}{i}.png"
                Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
                rows.append(f"{name},{'abc'[label]},{split}")
    (folder / "m.csv").write_text("\n".join(["image,label,split", *rows]) + "\n")
    (folder / "tiny.yaml").write_text(TABLE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("bench")
    made(where)
    words = ["tiny.yaml", "m.csv", "--seeds", "1", "--major", "1", "--minor", "1", "--medium", "--paper", "skin7"]
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(where)
        patched.setattr("longtail.stages.outcome.resamples_of", lambda _: 20)
        patched.setattr("longtail.stages.outcome.report", lambda *_, **__: None)  # has tests of its own
        assert run(["bench", *words, "--resamples", "50", "--out", "out", "--smoke"]) == 0
    return where


def test_the_table_in_all_forms(folder: Path) -> None:
    text = (folder / "out/table.md").read_text()
    assert "| Method | All | Major | Medium | Minor | Paper (skin7) | vs CE | p |" in text
    assert "A smoke run" in text
    rows = list(csv.DictReader((folder / "out/table.csv").read_text().splitlines()))
    assert [row["method"] for row in rows] == ["CE", "CE -> cRW", "CE -> LA"]
    assert rows[0]["paper"] == "0.8312"
    assert float(rows[1]["low"]) <= float(rows[1]["difference"]) <= float(rows[1]["high"])
    assert (folder / "out/table.tex").read_text().startswith("% Mean class recall")


def test_rows_share_their_first_stage_and_keep_their_predictions(folder: Path) -> None:
    told = json.loads((folder / "out/bench.json").read_text())
    stages = told["facts"]["stages"]
    assert len({stages[row]["0"]["ce"]["identity"] for row in stages}) == 1
    assert len(list((folder / "out/store").glob("*/stage.json"))) == 3
    for line in told["lines"]:
        (seed,) = line["seeds"]
        assert set(line["seeds"][seed]) == {"All", "Major", "Medium", "Minor"}
    assert (folder / "out/runs/CE-to-cRW/seed0/predictions/test.parquet").is_file()
    assert (folder / "out/runs/CE-to-cRW/seed0/metrics.json").is_file()


def test_a_second_call_trains_nothing(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("out/store/*/stage.json")}
    words = ["--seeds", "1", "--major", "1", "--minor", "1", "--rows", "CE,CE -> LA", "--resamples", "20"]
    assert run(["bench", "tiny.yaml", "m.csv", *words, "--out", "out", "--smoke"]) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.glob("out/store/*/stage.json")} == before
    out = capsys.readouterr().out
    assert "CE -> LA" in out
    assert "cRW" not in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tiny.yaml", "m.csv", "--rows", "CEE"], "unknown row 'CEE'"),
        (["tiny.yaml", "m.csv", "--against", "CE -> cRS"], "Did you mean 'CE -> cRW'?"),
        (["baseline", "m.csv"], "not a table"),
        (["tiny.yaml", "m.csv", "--rows", "CE", "--major", "3", "--minor", "3"], "do not fit 3 classes"),
        (["tiny.yaml", "m.csv", "--rows", "CE", "--split", "train"], "counts 'test' or 'val'"),
    ],
)
def test_mistakes_are_told_before_any_training(folder: Path, words, sentence, capsys, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    assert run(["bench", *words, "--out", "other"]) == 2
    assert sentence in capsys.readouterr().err
    assert not (folder / "other/runs").exists()
