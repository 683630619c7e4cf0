"""The recipes of the feature-pyramid sum model: what the paper says is in them, and they run by the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from longtail.cli import run
from longtail.data import Manifest
from longtail.predict import read_predictions
from longtail.stages.loading import load_recipe, read_tree
from longtail.stages.shipped import find_recipe
from longtail.stages.table import read_table, row_names

# Tables 2 and 3 of the paper: validation mAP by levels, without and with the data set's name.
MAP = {"4": (32.77, 32.92), "4+2": (32.79, 32.59), "4+3+2": (33.10, 33.04), "4+3+2+1": (32.76, 32.94)}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def test_three_members() -> None:
    recipe = load_recipe("fpsm")
    assert recipe.predict.ensemble == ["pyramid", "source", "finetune"]
    assert recipe.predict.merge.name == "mean"
    assert recipe.model.head.settings == {"levels": [4, 3, 2], "sources": 0}
    assert recipe.stages["source"].model["head"] == {"pyramid-sum": {"levels": [4, 3, 2]}}
    finetune, method = recipe.stages["finetune"], recipe.stages["paste"].method
    assert (finetune.parent, finetune.add, finetune.epochs) == ("pyramid", ["paste"], 1)
    assert method is not None
    assert (method.settings["on_normal"], method.settings["on_tail"], method.settings["opacity"]) == (50000, 50000, 0.6)


def test_tables_of_the_paper() -> None:
    path, _ = find_recipe("fpsm-ablation")
    table = read_table(read_tree(path), str(path))
    for levels, values in MAP.items():
        for suffix, value, sources in (("", values[0], {"sources": 0}), (" source", values[1], {})):
            assert table.rows[levels + suffix].paper["map"] == value
            recipe = load_recipe(f"fpsm-ablation:{levels}{suffix}")
            assert recipe.model.head.settings == {"levels": [int(n) for n in levels.split("+")], **sources}
    for name in row_names(table):
        head = load_recipe(f"fpsm-ablation:{name}", bind=False).model.head.settings
        assert ("concat" in name) == (head.get("variant") == "concat")
        assert ("source" in name) == ("sources" not in head)


def test_the_comparison() -> None:
    stage = load_recipe("fpsm-baseline").stages["main"]
    assert (stage.image_size, stage.optimizer.name, stage.optimizer.settings) == (512, "adam", {"lr": 1e-5})
    assert stage.schedule.name == "cosine"
    assert [part.name for part in stage.loss or []] == ["asymmetric"]


def test_smoke_through_the_command_line(in_tmp: Path) -> None:
    assert run(["data", "phantoms", "--out", "xray", "--patients", "40", "--size", "64", "--seed", "1"]) == 0
    assert run(["data", "split", "xray/manifest.csv", "--out", "xray/split.csv", "--ratios", "80/20"]) == 0
    words = ["fit", "fpsm", "xray/split.csv", "--out", "run", "--smoke", "model.backbone=test_resnet"]
    assert run(words) == 0
    stages: dict[str, Any] = {
        name: json.loads((in_tmp / f"run/stages/{name}/stage.json").read_text())
        for name in ("pyramid", "source", "paste", "finetune")
    }
    assert stages["paste"]["images"] == 12
    assert stages["finetune"]["rows"] == stages["pyramid"]["rows"] + 12
    assert stages["finetune"]["parents"] == {name: stages[name]["identity"] for name in ("pyramid", "paste")}
    found = read_predictions(in_tmp / "run/predictions/val.parquet")
    manifest = Manifest.load("xray/split.csv")
    assert len(found.values) == len(manifest.rows_of("val"))
    parts = [read_predictions(in_tmp / f"run/stages/{name}/predictions.parquet").values for name in
             ("pyramid", "source", "finetune")]  # fmt: skip
    assert found.values == pytest.approx(sum(parts) / 3, abs=1e-5)
    assert (in_tmp / "run/report.html").is_file()
    assert run(words) == 0  # nothing is done again
