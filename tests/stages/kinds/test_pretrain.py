"""The stage kind pretrain through the command line: rows, hand-over, resume after SIGKILL, what its recipe may say."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_data import made_manifest
from made_lives import Life, slow_fit
from safetensors.torch import load_file

from longtail.cli import run
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.stages.context import Watch
from longtail.stages.fitting import fit
from longtail.stages.kinds.pretrain import pretrain_rows, pretrain_settings, watched_rows
from longtail.stages.recipe import Stage

METHOD = "local_size: 16, local_crops: 1, prototypes: 16, head_hidden: 16, head_bottleneck: 8, warmup_epochs: 1"
RECIPE = f"""
recipe: tiny
task: multilabel
model: {{backbone: test_vit, head: {{ml-decoder: {{dim: 16, heads: 2, hidden: 16}}}}, weights: none, channels: 1}}
defaults: {{batch_size: 8, loss: bce, keep: {{best: loss}}}}
stages:
  small:
    kind: pretrain
    image_size: 32
    batch_size: 8
    micro_batch: 5
    epochs: 2
    validate_every: 2
    method: {{dinov2: {{global_size: 16, {METHOD}}}}}
  large: {{kind: pretrain, from: small, image_size: 32, batch_size: 8, steps: 2, method: {{dinov2: {{{METHOD}}}}}}}
  head:
    from: large
    image_size: 32
    train: head
    epochs: 2
    search: {{values: {{optimizer.adamw.lr: [0.001, 0.01]}}, refit: true}}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrain")
    made_manifest(folder, size=32)
    (folder / "tiny.yaml").write_text(RECIPE)
    assert run(["fit", str(folder / "tiny.yaml"), str(folder / "manifest.csv"), "--out", str(folder / "run")]) == 0
    return folder


def facts(folder: Path, stage: str, out: str = "run") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / out / "stages" / stage / "stage.json").read_text())
    return found


def log(folder: Path, stage: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "run/stages" / stage / "log.jsonl").read_text().splitlines()]


def test_each_stage_learns_from_training_images_alone(finished: Path) -> None:
    small = facts(finished, "small")
    assert (small["kind"], small["rows"], small["unlabelled_rows"]) == ("pretrain", 24, 0)
    assert [small["method"][name] for name in ("global_size", "steps_per_epoch", "micro_batch")] == [16, 3, 5]
    assert {"rank", "knn_map", "linear_map"} <= set(small["measures"])
    large = facts(finished, "large")["method"]
    assert (large["global_size"], large["epochs"], large["steps_per_epoch"]) == (32, 1, 2)
    assert large["weights"].endswith(f"{small['identity']}/weights.safetensors")
    epochs = [line for line in log(finished, "small") if line["event"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    assert ["knn_map" in line["valid"] for line in epochs] == [False, True]  # validate_every
    assert set(epochs[0]) >= {"step", "loss", "lr", "image_size", "images_per_s", "valid", "seconds", "time"}


def test_the_head_stands_on_the_teachers_backbone(finished: Path) -> None:
    teacher = load_file(finished / "run/stages/large/weights.safetensors")
    model = load_file(finished / "run/stages/head/weights.safetensors")
    for name, tensor in teacher.items():
        assert torch.equal(model[f"backbone.model.{name}"], tensor), name
    assert facts(finished, "small")["identity"] == facts(finished, "large")["parents"]["small"]


def test_a_refitted_stage_is_judged_by_weights_that_never_saw_validation(finished: Path) -> None:
    head = facts(finished, "head")
    assert head["refit"]
    assert head["chosen"]["optimizer.adamw.lr"] in (0.001, 0.01)
    assert head["stopped_after"] == head["kept"]["epoch"]
    assert [len(each) for each in (head["search"],)] == [2]
    assert (finished / "run/stages/head/weights-held-out.safetensors").is_file()


def test_what_a_head_is_trained_by_changes_nothing_for_pretraining(finished: Path) -> None:
    words = ["fit", str(finished / "tiny.yaml"), str(finished / "manifest.csv"), "--out", str(finished / "run")]
    before = set((finished / "run/store").glob("*/stage.json"))
    assert run([*words, "defaults.loss=asymmetric", "stages.head.search=null"]) == 0
    assert len(set((finished / "run/store").glob("*/stage.json")) - before) == 1


def test_killed_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    made_manifest(tmp_path, size=32)
    text = RECIPE[: RECIPE.index("  large:")]
    (tmp_path / "tiny.yaml").write_text(text)
    arguments = [str(tmp_path / name) for name in ("tiny.yaml", "manifest.csv", "killed")]
    life = Life(slow_fit, 0.05, *arguments, ["stages.small.epochs=12"], folder=tmp_path)
    try:
        until = time.monotonic() + 60
        while not list((tmp_path / "killed").glob("store/*/checkpoint.safetensors")):
            assert life.ended(0.01) is None, life.said()
            assert time.monotonic() < until
    finally:
        life.struck(signal.SIGKILL)
    assert not list((tmp_path / "killed").glob("store/*/stage.json"))
    weights = []
    for out in ("killed", "whole"):
        fit(*arguments[:2], out=tmp_path / out, overrides=["stages.small.epochs=12"], watch=Watch())
        weights.append((tmp_path / out / "stages/small/weights.safetensors").read_bytes())
    assert weights[0] == weights[1]
    assert '"resume"' in (tmp_path / "killed/stages/small/log.jsonl").read_text()


def test_rows_without_a_split_are_trained_on_and_validation_rows_only_when_named(tmp_path: Path) -> None:
    manifest = Manifest.load(made_manifest(tmp_path))
    splits = manifest.column("split").copy()
    splits[:4] = ""
    manifest = manifest.with_column("split", splits)
    stage = Stage(kind="pretrain", rows=["train"])
    rows = pretrain_rows(manifest, stage)
    assert set(splits[rows]) == {"", "train"}
    both = pretrain_rows(manifest, Stage(kind="pretrain", rows=["train", "val"]))
    assert set(splits[both]) == {"", "train", "val"}
    watched = watched_rows(manifest, rows, np.zeros((len(manifest), 2, 2, 1), np.uint8), 0)
    assert watched is not None
    assert set(splits[watched.valid]) == {"val"}
    assert watched_rows(manifest, both, None, 0) is None


def test_lengths() -> None:
    model = {"backbone": "test_vit", "drop_path": 0.1}
    said: dict[str, Any] = {"kind": "pretrain", "batch_size": 8, "method": {"dinov2": {"steps_per_epoch": 5}}}
    epochs = pretrain_settings(Stage(**said, epochs=3), model, 100, weights="none", processes=2)
    assert (epochs.epochs, epochs.steps_per_epoch, epochs.batch_size, epochs.drop_path) == (3, 5, 4, 0.1)
    steps = pretrain_settings(Stage(**said, steps=12), model, 100, weights="none")
    assert (steps.epochs, steps.steps_per_epoch) == (3, 5)
    with pytest.raises(UserError, match="can't be shared by 3 processes"):
        pretrain_settings(Stage(**said, steps=12), model, 100, weights="none", processes=3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("stages.small.method=null", "says no method"),
        ("stages.small.method.dinov2.backbone=resnet18", "is said by the stage"),
        ("stages.small.method.dinov2.locl_size=16", "local_size"),
        ("stages.small.method.dinov2.flip=2", "write a number from 0 to 1"),
        ("stages.small.method=dinov3", "dinov2"),
        ("stages.small.method.dinov2.on_collapse=halt", "stop"),
    ],
)
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, capsys: Any, words: str, told: str) -> None:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    made_manifest(tmp_path)
    assert run(["fit", str(tmp_path / "tiny.yaml"), str(tmp_path / "manifest.csv"), words]) == 2
    assert told in capsys.readouterr().err
