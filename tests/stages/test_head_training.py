"""A head on cached features ends as the slow way does; features are shared, and computed anew when anything differs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_jobs import made_job
from safetensors.torch import load_file

from longtail.errors import UserError
from longtail.stages.head_training import why_not_cached
from longtail.stages.train import train

HEAD: dict[str, Any] = {"train": "head", "optimizer": {"adamw": {"lr": 0.05}}, "keep": {"best": "loss"}}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "weights.safetensors")


@pytest.mark.parametrize("settings", [{}, {"ema": {"decay": 0.5}}, {"loss": ["cross_entropy", "center"]}])
def test_cached_equals_uncached(tmp_path: Path, settings: dict[str, Any]) -> None:
    single = "loss" in settings
    fast = made_job(tmp_path, out="fast", single=single, **HEAD, **settings)
    slow = made_job(tmp_path, out="slow", single=single, **HEAD, **settings, cache="off")
    before = {name: tensor.clone() for name, tensor in fast.model.backbone.state_dict().items()}
    quick, full = train(fast), train(slow)
    assert quick.facts["features"] == "computed"
    assert "features" not in full.facts
    assert quick.value == pytest.approx(full.value, abs=1e-6)
    one, other = weights(fast.folder), weights(slow.folder)
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-5)
        if name.startswith("backbone."):
            assert torch.equal(one[name], before[name.removeprefix("backbone.")])


def test_features_are_shared_by_what_they_depend_on(tmp_path: Path) -> None:
    store = {"feature_store": tmp_path / "features"}
    first = made_job(tmp_path, out="first", **HEAD, job=store)
    assert train(first).facts["features"] == "computed"
    other_loss = made_job(tmp_path, out="second", **HEAD, loss="asymmetric", job={**store, "seed": 9})
    assert train(other_loss).facts["features"] == "reused"
    other_weights = made_job(tmp_path, out="third", **HEAD, job=store)
    with torch.no_grad():
        next(other_weights.model.backbone.parameters()).add_(1e-3)
    assert train(other_weights).facts["features"] == "computed"
    fewer = replace(made_job(tmp_path, out="fourth", **HEAD), **store)
    assert train(replace(fewer, train_rows=fewer.train_rows[:20])).facts["features"] == "reused"


def kept_rows(store: Path) -> list[int]:
    """How many rows each piece has."""
    return sorted(np.load(path, mmap_mode="r").shape[1] for path in store.glob("*.npy"))


def test_another_split_computes_only_what_is_not_there(tmp_path: Path) -> None:
    """Folds, refits and other tables of the same images: one pass over each image."""
    store = tmp_path / "features"
    job = made_job(tmp_path, out="first", **HEAD, job={"feature_store": store})
    few = replace(job, train_rows=job.train_rows[:20], valid_rows=job.valid_rows[:4])
    assert train(few).facts["features"] == "computed"
    assert kept_rows(store) == [4, 20]
    assert train(replace(job, folder=tmp_path / "second")).facts["features"] == "computed"
    assert kept_rows(store) == [4, 8, 16, 20]
    everything = np.concatenate([job.train_rows, job.valid_rows])
    refit = made_job(tmp_path, out="third", **{**HEAD, "keep": "last"}, job={"feature_store": store})
    refit = replace(refit, train_rows=everything, valid_rows=job.valid_rows[:0])
    assert train(refit).facts["features"] == "reused"
    assert kept_rows(store) == [4, 8, 16, 20]
    alone = made_job(tmp_path, out="alone", **HEAD, job={"feature_store": tmp_path / "empty"})
    again = made_job(tmp_path, out="again", **HEAD, job={"feature_store": store})
    train(alone), train(again)
    for name, tensor in weights(again.folder).items():  # pieces put together are what one piece is
        assert torch.equal(tensor, weights(alone.folder)[name])


def test_random_features_are_of_the_rows_they_were_drawn_for(tmp_path: Path) -> None:
    """A row's augmentation is no other row's, even of the same image."""
    store = {"feature_store": tmp_path / "f"}
    settings = {**HEAD, "augment": ["hflip", "noise"], "cached_views": 2}
    job = made_job(tmp_path, **settings, job=store)
    train(job)
    fewer = replace(job, folder=tmp_path / "fewer", train_rows=job.train_rows[:20])
    assert train(fewer).facts["features"] == "computed"
    assert kept_rows(tmp_path / "f") == [12, 20, 36]


def test_pasted_images_are_not_kept(tmp_path: Path) -> None:
    """Found: features of pasted images were computed once, and shared with stages that paste nothing."""
    plain = made_job(tmp_path, **HEAD)
    paste: Any = object()
    assert "pasted" in str(why_not_cached(replace(plain, paste=paste)))


def test_views_are_augmented_copies(tmp_path: Path) -> None:
    job = made_job(tmp_path, **HEAD, augment=["hflip", "noise"], cached_views=3, job={"feature_store": tmp_path / "f"})
    assert train(job).facts["views"] == 3
    shapes = sorted(np.load(path, mmap_mode="r").shape for path in (tmp_path / "f").glob("*.npy"))
    assert shapes == [(1, 12, 8), (3, 36, 8)]
    views = np.load(next(p for p in (tmp_path / "f").glob("*.npy") if np.load(p).shape[0] == 3))
    assert not np.array_equal(views[0], views[1])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"train": "all"}, "backbone changes"),
        ({"train": "head", "frozen_bn": "train"}, "backbone changes"),
        ({"train": "head", "mix": "mixup"}, "mixes"),
        ({"train": "head", "augment": ["hflip"]}, "augmented anew"),
        ({"train": "head", "head": {"pyramid-sum": {"levels": [4, 3]}}}, "maps"),
    ],
)
def test_what_is_not_cached(tmp_path: Path, settings: dict[str, Any], reason: str) -> None:
    assert reason in str(why_not_cached(made_job(tmp_path, **settings)))
    if "augment" not in settings:
        with pytest.raises(UserError, match="cache: on"):
            train(made_job(tmp_path, **settings, cache="on"))


def test_class_means_need_no_steps(tmp_path: Path) -> None:
    result = train(made_job(tmp_path, single=True, head="nearest_class_mean", train="head", keep={"best": "accuracy"}))
    assert result.facts["steps"] == 0
    assert result.value is not None
    assert result.value > 0.5
    assert weights(tmp_path / "out")["head.counts"].sum() == 36
