"""A run's predictions with a made model: pixels, normalising, views, ensembles, what the recipe says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from made_images import smooth_pixels
from torch import Tensor

from longtail.data.manifest import Manifest, from_states
from longtail.errors import UserError
from longtail.predict import predict, write_predictions
from longtail.predict.stage_predicting import predict_stage, usual_device

_LABELS = ("Mass", "Edema")
_VIEWS = ("PA", "LATERAL", "PA")


@dataclass(frozen=True)
class _Model:
    """A linear model of the pixels; what `longtail.stages` would load."""

    seed: int = 0
    labels: tuple[str, ...] = _LABELS
    task: Literal["multilabel", "singlelabel"] = "multilabel"
    image_size: int = 8
    channels: Literal[1, 3] = 1
    mean: tuple[float, ...] = (0.4,)
    std: tuple[float, ...] = (0.25,)
    resize: Literal["squash", "pad", "crop"] = "squash"

    def normalised(self, images: Tensor) -> Tensor:
        return (images - self.mean[0]) / self.std[0]

    def predict_logits(self, images: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        weight = torch.randn(self.image_size**2 * self.channels, len(self.labels), generator=generator) / 8
        return images.flatten(1) @ weight


def _load(_run: Path, stage: str, device: str) -> _Model:
    assert device == "cpu"
    return _Model(seed=int(stage[-1]))


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    pixels = smooth_pixels(24, 1, 8, 8)
    for i, image in enumerate(pixels):
        cv2.imwrite(str(tmp_path / f"{i}.png"), image)
    table = pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(24)],
            "study": [f"s{i // 3}" for i in range(24)],
            "view": [_VIEWS[i % 3] for i in range(24)],
            "split": ["val"] * 12 + ["test"] * 12,
        }
    )
    states = np.random.default_rng(0).integers(0, 2, (24, 2)).astype(np.float32)
    from_states(table, _LABELS, states, tmp_path).save(tmp_path / "manifest.csv")
    return Manifest.load(tmp_path / "manifest.csv")


@pytest.fixture
def run(tmp_path: Path, manifest: Manifest) -> Path:
    folder = tmp_path / "run"
    said = {"ensemble": ["model3", "model5"], "tta": ["identity", "hflip"],
            "views": {"frontal_replaces_lateral": {"judged_by": "model3"}}}  # fmt: skip
    stages = {"model0": {}, "model3": {"from": "model0"}, "model5": {"from": "model0"}, "extra": {"kind": "synthesize"}}
    folder.mkdir()
    (folder / "recipe.yaml").write_text(yaml.safe_dump({"recipe": "r", "stages": stages, "predict": said}))
    told = {"hash": manifest.digest(), "path": str(manifest.path)}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    validation = manifest.select(manifest.rows_of("val"))
    for name in ("model0", "model3", "model5"):
        made = predict_stage(_load(folder, name, "cpu"), validation)
        write_predictions(made, folder / "stages" / name / "predictions.parquet")
    return folder


def _expected(manifest: Manifest, model: _Model, rows: Any, flips: bool) -> Any:
    """Decoded, normalised, through the model: without any of our code."""
    found = []
    for row in rows:
        image = cv2.imread(str(manifest.root / f"{row}.png"), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
        seen = [image, image[:, ::-1]] if flips else [image]
        batch = torch.tensor(np.stack(seen)[:, None])
        found.append(model.predict_logits((batch - 0.4) / 0.25).sigmoid().mean(0).numpy())
    return np.stack(found)


def test_a_stage(manifest: Manifest) -> None:
    done: list[int] = []
    found = predict_stage(_Model(), manifest, tta=["identity", "hflip"], batch_size=7, advance=done.append)
    np.testing.assert_allclose(found.values, _expected(manifest, _Model(), range(24), True), atol=1e-5)
    assert list(found.ids) == ["image", "study", "view", "split"]
    assert done == [7, 7, 7, 3]
    assert found.facts["tta"] == ["identity", "hflip"]


def test_a_run_as_its_recipe_says(run: Path, manifest: Manifest) -> None:
    found = predict(run, manifest, split="test", load=_load, device="cpu")
    members = [_expected(manifest, _Model(seed), range(12, 24), True) for seed in (3, 5)]
    merged = np.mean(members, axis=0)
    for i, label in enumerate(_LABELS):
        if label in found.facts["views"]["chosen"]:
            for study in range(4):  # PA, LATERAL, PA
                merged[study * 3 + 1, i] = (merged[study * 3, i] + merged[study * 3 + 2, i]) / 2
    np.testing.assert_allclose(found.values, merged, atol=1e-5)
    assert found.facts["made_by"]["stages"] == ["model3", "model5"]
    again = predict(run, manifest, split="test", load=_load, device="cpu", batch_size=5)
    np.testing.assert_allclose(again.values, found.values, atol=1e-6)


def test_a_run_otherwise(run: Path, manifest: Manifest) -> None:
    options: dict[str, Any] = {"load": _load, "device": "cpu", "split": "test"}
    found = predict(run, manifest, stages=["model0"], tta=["identity"], views="none", **options)
    np.testing.assert_allclose(found.values, _expected(manifest, _Model(0), range(12, 24), False), atol=1e-5)
    studies = predict(run, manifest, stages=["model0"], tta=["identity"], views="none", study="max", **options)
    np.testing.assert_allclose(studies.values, found.values.reshape(4, 3, 2).max(axis=1), atol=1e-7)
    fitted = predict(run, manifest, merge="weighted", views="none", **options)
    assert set(fitted.facts["ensemble"]["weights"]) == {"model3", "model5"}


def test_the_recipe_says_what_is_averaged_and_which_rows_remain(run: Path, manifest: Manifest) -> None:
    said = {
        "ensemble": "model0",
        "tta": ["identity", "hflip"],
        "tta_merge": "logits",
        "study": "max",
        "keep_images": True,
    }
    told = yaml.safe_load((run / "recipe.yaml").read_text())
    (run / "recipe.yaml").write_text(yaml.safe_dump({**told, "predict": said}))
    options: dict[str, Any] = {"load": _load, "device": "cpu", "split": "test"}
    images = predict(run, manifest, study="none", **options)
    by_hand = [predict(run, manifest, study="none", tta=[view], **options).values for view in ("identity", "hflip")]
    logits = np.mean([np.log(values / (1 - values)) for values in by_hand], axis=0)
    np.testing.assert_allclose(images.values, 1 / (1 + np.exp(-logits)), atol=1e-5)
    kept = predict(run, manifest, **options)
    np.testing.assert_allclose(kept.values, images.values.reshape(4, 3, 2).max(axis=1).repeat(3, axis=0), atol=1e-6)
    assert len(predict(run, manifest, keep_images=False, **options)) == 4
    assert predict(run, manifest, tta_merge="probabilities", **options).facts["tta_merge"] == "probabilities"


def test_a_recorded_decision_is_followed(run: Path, manifest: Manifest) -> None:
    first = predict(run, manifest, split="test", load=_load, device="cpu")
    views = {key: first.facts["views"][key] for key in ("judged_by", "frontal_images", "lateral_images", "labels")}
    for each in views["labels"].values():
        each["chosen"] = True
    (run / "decisions.json").write_text(json.dumps({"views": views}), encoding="utf-8")
    found = predict(run, manifest, split="test", load=_load, device="cpu")
    assert found.facts["views"]["chosen"] == list(_LABELS)


def test_mistakes(run: Path, manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"unknown stage 'model9' .*Valid: model0, model3, model5"):
        predict(run, manifest, stages=["model9"], load=_load, device="cpu")
    with pytest.raises(UserError, match="is no run: it has no recipe.yaml"):
        predict(tmp_path, manifest, load=_load, device="cpu")
    with pytest.raises(UserError, match="batches of 0"):
        predict(run, manifest, batch_size=0, load=_load, device="cpu")
    with pytest.raises(UserError, match="is no device"):
        usual_device("gpu0")


def test_one_class_per_image(manifest: Manifest) -> None:
    found = predict_stage(_Model(task="singlelabel"), manifest, tta=["three_views"], tta_merge="logits")
    np.testing.assert_allclose(found.values.sum(axis=1), 1, atol=1e-6)
    assert found.facts["task"] == "singlelabel"
