"""A loaded stage predicts what its validation saw: levels, precision, dropped classes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_data import made_manifest

from longtail.cli import run as longtail
from longtail.data.manifest import Manifest
from longtail.predict.files import read_predictions
from longtail.predict.predicting import predict
from longtail.stages.fitting import fit
from longtail.stages.loaded_stage import LoadedStage, _levels, load_stage_model
from longtail.stages.precision import Precision

RECIPE = """\
recipe: levels
task: multilabel
model: {backbone: resnet10t, weights: none}
defaults: {epochs: 1, batch_size: 8, image_size: 40, loss: bce, keep: last, precision: fp32, augment: [min_max]}
stages: {main: {}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("levels")
    manifest = made_manifest(folder, images=24)
    recipe = folder / "r.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return fit(str(recipe), manifest, out=folder / "run"), Manifest.load(manifest)


def test_levels_are_those_of_validation(made: tuple[Path, Manifest]) -> None:
    run, manifest = made
    judged = read_predictions(run / "stages" / "main" / "predictions.parquet")
    found = predict(run, manifest, split="val", tta=["identity"])
    np.testing.assert_array_equal(found.keys, judged.keys)
    np.testing.assert_allclose(found.values, judged.values, atol=1e-5)


def test_new_images_need_no_labels(made: tuple[Path, Manifest], tmp_path: Path) -> None:
    run, manifest = made
    paths = [str(path) for path in manifest.image_paths[:5]]
    (tmp_path / "new.csv").write_text("\n".join(["file", *paths]), encoding="utf-8")
    assert longtail(["predict", str(run), str(tmp_path / "new.csv"), "--out", str(tmp_path / "new.parquet")]) == 0
    found = read_predictions(tmp_path / "new.parquet")
    assert (list(found.keys), found.labels) == (paths, manifest.labels)
    np.testing.assert_array_equal(found.values, predict(run, manifest.select(range(5))).values)


def test_precision_is_asked_for_or_the_stages_own(made: tuple[Path, Manifest]) -> None:
    run, manifest = made
    assert load_stage_model(run, "main").precision.name == "fp32"
    options: dict[str, Any] = {"split": "val", "tta": ["identity"]}
    plain, coarse = predict(run, manifest, **options), predict(run, manifest, precision="bf16", **options)
    assert coarse.values.dtype == np.float32
    assert 0 < np.abs(plain.values - coarse.values).max() < 0.05


@pytest.mark.parametrize(
    ("augment", "mean", "std", "rescale"),
    [
        ([], (0.5,), (0.25,), False),
        (["hflip", "min_max"], (0.5,), (0.25,), True),
        (["min_max", {"normalize": {"mean": 0.1, "std": [0.2, 0.4, 0.6]}}], (0.1,), (0.4,), True),
    ],
)
def test_levels_of_the_list_of_augmentations(
    augment: list[Any], mean: tuple[float, ...], std: tuple[float, ...], rescale: bool
) -> None:
    facts = {"mean": [0.4, 0.5, 0.6], "std": [0.25], "channels": 1, "settings": {"augment": augment}}
    found = _levels(facts)
    assert found[2] is rescale
    np.testing.assert_allclose(found[0], mean)
    np.testing.assert_allclose(found[1], std)


def test_normalised_images() -> None:
    images = torch.tensor([[[[0.2, 0.6]]], [[[0.5, 0.5]]]])
    stage = LoadedStage(None, (), "multilabel", 1, 1, (0.5,), (0.5,), "squash", "file", torch.ones(0), "", True)  # type: ignore[arg-type]
    torch.testing.assert_close(stage.normalised(images), torch.tensor([[[[-1.0, 1.0]]], [[[-1.0, -1.0]]]]))
    assert stage.precision == Precision("fp32", False, torch.device("cpu"))
