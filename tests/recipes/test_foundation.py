"""The foundation recipes: what the slides say is in them; heads of studies and low-rank updates run from a recipe."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_data import made_manifest

from longtail.data import Manifest
from longtail.errors import UserError
from longtail.predict.predicting import predict
from longtail.stages.fitting import fit
from longtail.stages.loading import load_recipe, recipe_of_text
from longtail.stages.planning import check_manifest

SIZES = {"pretrain_224": (224, 96), "pretrain_336": (336, 128), "pretrain_448": (448, 144), "pretrain_512": (512, 144)}
RATES = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3]
STUDIES = """
recipe: studies
task: multilabel
model: {backbone: test_vit, weights: none, channels: 1}
defaults: {image_size: 32, batch_size: 8, epochs: 1, loss: bce, keep: {best: loss}, picture: none}
stages:
  concat:
    train: head
    model: {head: study-concat}
    search: {values: {optimizer.adamw.lr: [0.001, 0.01]}, refit: true}
  fusion:
    from: concat
    hand_over: {head: reset}
    train: {lora: {rank: 2}}
    model: {head: {study-fusion: {dim: 16, heads: 2, hidden: 16, layers: 1}}}
"""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def test_what_the_slides_say() -> None:
    recipe = load_recipe("foundation")
    for name, (large, small) in SIZES.items():
        method: Any = recipe.stages[name].method
        assert (method.settings["global_size"], method.settings["local_size"]) == (large, small)
        assert recipe.stages[name].parent == (None if large == 224 else "pretrain_224")
    for size in (336, 448, 512):
        search = recipe.stages[f"head_{size}"].search
        assert search is not None
        assert search.refit
        assert search.values == {"optimizer.adamw.lr": RATES}
    assert recipe.predict.ensemble == ["head_336", "head_448", "head_512"]
    assert recipe.predict.study is not None
    assert recipe.predict.study.name == "mean"


def test_studies_are_read_whole_from_a_recipe(tmp_path: Path) -> None:
    path = made_manifest(tmp_path, images=32, size=32)
    manifest = Manifest.load(path)
    with pytest.raises(UserError, match="needs the column 'study'"):
        check_manifest(recipe_of_text(STUDIES), manifest)
    table = manifest.table.assign(study=[f"s{row // 8}{row % 4}" for row in range(32)])  # two images, of one split
    table["patient"], table["view"] = table["study"], np.where(np.arange(32) % 8 < 4, "PA", "LATERAL")
    manifest = Manifest(table, manifest.labels, manifest.targets, manifest.root)
    manifest = Manifest.load(manifest.save(tmp_path / "studies.csv"))
    (tmp_path / "recipe.yaml").write_text(STUDIES)
    run = fit(tmp_path / "recipe.yaml", manifest, out=tmp_path / "run")
    for stage in ("concat", "fusion"):
        found = predict(run, manifest, split="val", stages=[stage], batch_size=1)
        numbers = found.ids["study"].to_numpy()
        for study in np.unique(numbers):
            one, other = found.values[numbers == study]
            assert np.array_equal(one, other)
        assert len(np.unique(found.values[:, 0])) == len(np.unique(numbers))
    facts = json.loads((tmp_path / "run/stages/concat/stage.json").read_text())
    assert facts["refit"]
    assert facts["features"] == "reused"  # the refit's rows are those of the search
    with pytest.raises(UserError, match="whole studies"):
        predict(run, _bare(manifest), stages=["fusion"])


def _bare(manifest: Manifest) -> Manifest:
    return Manifest(manifest.table.drop(columns=["study"]), manifest.labels, manifest.targets, manifest.root)
