"""`longtail list recipes`, `show` and `validate`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_recipes import TABLE, TWO_STAGES, written

from longtail.cli import run


@pytest.fixture
def manifest(in_tmp: Path) -> Path:
    from PIL import Image

    for i in range(12):
        Image.fromarray(np.full((8, 8), i, dtype=np.uint8)).save(in_tmp / f"{i}.png")
    table = {"image": [f"{i}.png" for i in range(12)], "split": ["train"] * 8 + ["val"] * 2 + ["test"] * 2}
    path = in_tmp / "m.csv"
    pd.DataFrame({**table, "Mass": [1, 0] * 6, "Nodule": [0, 0, 1] * 4}).to_csv(path, index=False)
    return path


def test_recipes_are_listed_and_told(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "recipes"]) == 0
    shown = capsys.readouterr().out
    for name in ("baseline", "demo", "stage-training"):
        assert any(line.split()[:1] == [name] for line in shown.splitlines())
    assert run(["list", "recipes", "demo"]) == 0
    assert capsys.readouterr().out.startswith("# Demo: two stages")
    assert run(["list", "recipes", "--schema", "s.json"]) == 0
    assert "properties" in json.loads((in_tmp / "s.json").read_text())
    assert run(["list", "recipes", "dmeo"]) == 2
    assert "Did you mean 'demo'?" in capsys.readouterr().err


def test_a_recipe_is_shown_as_it_would_run(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(manifest.parent, TWO_STAGES)
    words = ["show", str(path), "stages.fine.epochs=9", "--manifest", str(manifest), "--svg", "g.svg"]
    assert run(words) == 0
    out, error = capsys.readouterr()
    assert error == ""
    assert "└─ fine  224 px, batch 64, 9 epochs; head only; bce + asymmetric" in out
    assert "    epochs: 9\n" in out
    assert (manifest.parent / "g.svg").read_text().startswith("<svg")
    rough = next(line for line in out.splitlines() if line.split()[:2] == ["rough", "train"])
    assert rough.split()[2:] == ["224", "64", "2", "8", "2", "3", "3", "24"]


def test_full_shows_every_setting(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", str(written(in_tmp, TWO_STAGES)), "--full"]) == 0
    assert "frozen_bn: eval" in capsys.readouterr().out


def test_validate_says_what_a_run_takes(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(written(manifest.parent, TWO_STAGES))
    assert run(["validate", path, str(manifest), "stages.*.image_size=32", "--smoke"]) == 0
    out, _ = capsys.readouterr()
    assert "fine: the recipe fits the manifest" in out
    assert "prepared images:" in out
    assert "labels: 2: Mass, Nodule\n" in out
    assert run(["validate", path]) == 0
    assert "can be carried out" in capsys.readouterr().out
    assert run(["validate", path, "a.csv", "b.csv"]) == 2
    assert "one manifest too many" in capsys.readouterr().err


def test_rows_of_a_table_are_recipes(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(in_tmp, TABLE)
    assert run(["show", f"{path}:CE -> cRW"]) == 0
    assert "└─ crw" in capsys.readouterr().out
    assert run(["show", str(path)]) == 2
    assert "is a table of 3 recipes" in capsys.readouterr().err
    assert run(["show", f"{path}:CE", "stages.ce.epohcs=3"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        "error: override 'stages.ce.epohcs=3': stages.ce.epohcs: unknown key. Did you mean 'epochs'?"
    )
    assert error.count("\n") == 1
