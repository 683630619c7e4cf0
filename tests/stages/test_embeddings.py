"""Feature pictures: places in two dimensions, labels, the rows, and the file that the report draws."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_jobs import LABELS, SIZE, made_manifest, made_prepared
from sklearn.decomposition import PCA

from longtail.data.manifest import Manifest
from longtail.stages.context import StageContext
from longtail.stages.embeddings import NO_LABEL, flattened, picture_labels, picture_rows, principal
from longtail.stages.kinds.train import train_stage
from longtail.stages.recipe import Recipe


def test_principal_components_are_scikit_learns() -> None:
    features = np.random.default_rng(0).normal(size=(40, 7)) * np.arange(1, 8)
    ours, theirs = principal(features), PCA(2).fit_transform(features)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-9)
    np.testing.assert_allclose(principal(features * 2), ours * 2)


@pytest.mark.parametrize("shape", [(3, 1), (2, 5), (4, 4)])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_few_rows_and_few_features_have_places(shape: tuple[int, int], method: Any) -> None:
    places = flattened(np.random.default_rng(0).normal(size=shape), method)
    assert places.shape == (shape[0], 2)
    assert np.isfinite(places).all()


def test_tsne_keeps_groups_apart_and_repeats() -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(size=(12, 5)), rng.normal(size=(12, 5)) + 30])
    places = flattened(features, "tsne", 3)
    np.testing.assert_array_equal(places, flattened(features, "tsne", 3))
    middle = [places[:12].mean(0), places[12:].mean(0)]
    own = [np.linalg.norm(places[i * 12 : i * 12 + 12] - middle[i], axis=1).max() for i in (0, 1)]
    assert np.linalg.norm(middle[0] - middle[1]) > max(own)


def test_rows_are_of_validation_the_same_for_a_seed_and_not_trained_on(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path)
    rows = picture_rows(manifest, ["train"], 1, most=5)
    assert len(rows) == 5
    assert set(rows) <= set(manifest.rows_of("val"))
    np.testing.assert_array_equal(rows, picture_rows(manifest, ["train"], 1, most=5))
    assert len(picture_rows(manifest, ["train", "val"], 1)) == 0
    assert len(picture_rows(manifest.select(manifest.rows_of("train")), ["train"], 1)) == 0  # nothing to validate on


def test_of_many_labels_the_rarest_colours_the_dot(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path)
    counts = dict(zip(manifest.labels, manifest.counts(manifest.rows_of("train")), strict=True))
    named = picture_labels(manifest, np.arange(len(manifest)))
    for name, states in zip(named, manifest.one_hot, strict=True):
        has = [label for label, state in zip(manifest.labels, states, strict=True) if state == 1]
        assert name == (min(has, key=counts.__getitem__) if has else NO_LABEL)


def _context(folder: Path, manifest: Manifest, **settings: Any) -> StageContext:
    stage = {"image_size": SIZE, "batch_size": 8, "epochs": 1, "precision": "fp32", **settings}
    model = {"backbone": "small", "weights": "none"}
    recipe = Recipe.model_validate({"recipe": "made", "task": manifest.task, "model": model, "stages": {"one": stage}})
    (folder / "out").mkdir()
    return StageContext("one", recipe, manifest, lambda _: made_prepared(manifest, folder), folder / "out", 2)


@pytest.mark.parametrize("single", [True, False])
def test_a_stage_writes_all_classes_also_the_dropped_one(tmp_path: Path, single: bool) -> None:
    manifest = made_manifest(tmp_path, 60, single=single)
    train_stage(_context(tmp_path, manifest, drop_classes="largest"))
    table = pd.read_parquet(tmp_path / "out" / "embeddings.parquet")
    assert table.columns.tolist() == ["image", "x", "y", "label"]
    assert set(table["image"]) == set(manifest.table["image"][manifest.rows_of("val")])
    assert set(LABELS) <= set(table["label"])
    assert np.isfinite(table[["x", "y"]].to_numpy()).all()


def test_none_writes_none(tmp_path: Path) -> None:
    train_stage(_context(tmp_path, made_manifest(tmp_path), picture="none"))
    assert not (tmp_path / "out" / "embeddings.parquet").exists()
