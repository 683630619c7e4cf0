"""The stage kind soup through the command line: means of weights, statistics of their own, greed, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from made_data import made_manifest
from safetensors.torch import load_file

from longtail.cli import run
from longtail.data.images.prepared import prepare
from longtail.data.manifest import Manifest
from longtail.predict.files import read_predictions
from longtail.stages.loaded_stage import load_stage_model

RECIPE = """
recipe: tiny
task: multilabel
model: {backbone: resnet10t, weights: none, channels: 1}
defaults: {image_size: 24, batch_size: 8, epochs: 1, loss: bce, optimizer: {adamw: {lr: 0.003}}}
stages:
  base: {}
  a: {from: base, augment: [hflip]}
  b: {from: base, optimizer: {adamw: {lr: 0.001}}}
  c: {from: base, optimizer: {adamw: {lr: 0.1}}}
  mean: {kind: soup, image_size: 24, batch_size: 8, method: {uniform: {of: [a, b], weights: [3, 1]}}}
  best: {kind: soup, image_size: 24, batch_size: 8, method: {greedy: {of: [a, b, c]}}, keep: {best: loss}}
predict: {ensemble: [mean, best]}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("soup")
    made_manifest(folder, size=24)
    (folder / "tiny.yaml").write_text(RECIPE)
    words = [str(folder / "tiny.yaml"), str(folder / "manifest.csv"), "--prepared", str(folder / "prepared")]
    assert run(["fit", *words, "--out", str(folder / "run")]) == 0
    return folder


def stage(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run/stages" / name / "stage.json").read_text())
    return found


def weights(folder: Path, name: str) -> dict[str, torch.Tensor]:
    return load_file(folder / "run/stages" / name / "weights.safetensors")


def test_weights_are_the_mean_and_statistics_are_its_own(finished: Path) -> None:
    mean, a, b = (weights(finished, name) for name in ("mean", "a", "b"))
    for name, tensor in mean.items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            torch.testing.assert_close(tensor, 0.75 * a[name] + 0.25 * b[name], msg=name)
    model = load_stage_model(finished / "run", "mean")
    first = next(m for m in model.model.modules() if isinstance(m, torch.nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    first.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    manifest = Manifest.load(finished / "manifest.csv")
    rows = np.flatnonzero(manifest.column("split") == "train")
    prepared = prepare(manifest, 24, channels=1, store=finished / "beside")
    images = torch.from_numpy(prepared.rows(rows)).permute(0, 3, 1, 2) / 255
    model.predict_logits(model.normalised(images))
    torch.testing.assert_close(first.running_mean, seen[0].mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(first.running_mean, 0.75 * a[name_of(model, first)] + 0.25 * b[name_of(model, first)])


def name_of(model: Any, wanted: torch.nn.Module) -> str:
    return next(name for name, module in model.model.named_modules() if module is wanted) + ".running_mean"


def test_greed_takes_no_member_that_harms(finished: Path) -> None:
    facts = stage(finished, "best")
    assert facts["members"] == ["a", "b"]  # c diverged
    assert facts["kept"]["metric"] == "loss"
    log = [json.loads(line) for line in (finished / "run/stages/best/log.jsonl").read_text().splitlines()]
    assert log[-1]["valid"]["loss"] == facts["kept"]["value"]


def test_it_predicts_as_any_stage_does(finished: Path) -> None:
    one = read_predictions(finished / "run/stages/mean/predictions.parquet")
    assert one.values.shape[1] == 3
    assert (finished / "run/report.html").stat().st_size
    assert read_predictions(finished / "run/predictions/val.parquet").values.shape == one.values.shape


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("stages.mean.method=uniform", "must name two stages or more"),
        ("stages.mean.method.uniform.of=[a]", "must name two stages or more"),
        ("stages.mean.method.uniform.of=[a, a]", "names a stage twice"),
        ("stages.mean.method.uniform.of=[1, 2]", "must name two stages or more"),
        ("stages.mean.method.uniform.of=[[a], b]", "must name two stages or more"),
        ("stages.mean.method.uniform.weights=[1]", "[1.0] are no weights for 2 models"),
        ("stages.mean.method.uniform.weights=[-1, 2]", "give one number from 0 up"),
        ("stages.mean.method.uniform.of=[a, d]", "there is no stage 'd'"),
        ("stages.mean.method.unifrom.of=[a, b]", "uniform"),
        ("stages.mean.method.uniform.weight=1", "weights"),
        ("stages.mean.image_size=32", "is 32 and that of the soup's member 'a' is 24"),
        ("stages.mean.from=a", "is for stages that learn"),
        ("stages.b.rows=[train, val]", "trains on the validation rows"),
        ("stages.a.augment=[min_max]", "has not the levels"),
        ("stages.mean.keep.best=mAP", "map"),
    ],
)
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, capsys: Any, words: str, told: str) -> None:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    made_manifest(tmp_path)
    assert run(["fit", str(tmp_path / "tiny.yaml"), str(tmp_path / "manifest.csv"), words]) == 2
    assert told in capsys.readouterr().err


def test_it_needs_validation_rows(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    made_manifest(tmp_path)
    table = pd.read_csv(tmp_path / "manifest.csv")
    table.assign(split=table["split"].replace("val", "train")).to_csv(tmp_path / "manifest.csv", index=False)
    assert run(["fit", str(tmp_path / "tiny.yaml"), str(tmp_path / "manifest.csv")]) == 2
    assert "the soup 'mean', which is judged by them, needs validation rows" in capsys.readouterr().err
