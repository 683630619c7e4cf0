"""Heads that differ only in how they learn are trained on one pass over the features, each as if it were alone."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import SmallBackbone, made_job
from safetensors.torch import load_file

from longtail.stages.course import Course
from longtail.stages.feature_cache import features_of
from longtail.stages.pacing import Pacing
from longtail.stages.recipe import Search
from longtail.stages.search import CANDIDATES, side_by_side
from longtail.stages.train import train, train_once

RATES = [1e-3, 0.1, 1e4]
SEARCH: dict[str, Any] = {
    "train": "head",
    "keep": {"best": "loss"},
    "search": {"values": {"optimizer.adamw.lr": RATES}},
}
AUGMENTED: dict[str, Any] = {**SEARCH, "augment": ["hflip", "noise"]}


def same(one: Path, other: Path) -> bool:
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images go through a backbone."""
    images, real = [0], SmallBackbone.forward

    def forward(self: SmallBackbone, given: torch.Tensor, *wants: Any) -> Any:
        images[0] += len(given)
        return real(self, given, *wants)

    monkeypatch.setattr(SmallBackbone, "forward", forward)
    return images


@pytest.mark.parametrize("settings", [SEARCH, AUGMENTED])
def test_each_ends_as_if_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    kept = {**settings, "search": {**settings["search"]}}
    folders: dict[float, Path] = {}
    real = Course.finish

    def finish(course: Course) -> Any:
        folders[course.work.job.settings.optimizer.settings["lr"]] = course.work.job.folder
        return real(course)

    monkeypatch.setattr(Course, "finish", finish)
    result = train(made_job(tmp_path, **kept))
    together = {lr: folder for lr, folder in folders.items() if CANDIDATES in str(folder)}
    assert set(together) >= {1e-3, 0.1}
    assert result.facts.get("features") == ("computed" if settings is SEARCH else "shared")
    told = {each["settings"]["optimizer.adamw.lr"]: each["loss"] for each in result.facts["search"]}
    for lr, folder in together.items():
        alone = {key: value for key, value in settings.items() if key != "search"}
        job = made_job(tmp_path, out=f"alone-{lr}", **alone, optimizer={"adamw": {"lr": lr}})
        assert train_once(job).value == told[lr]
        assert same(folder / "weights.safetensors", job.folder / "weights.safetensors")


def test_the_backbone_sees_each_image_once_for_all_heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = counted(monkeypatch)
    train(made_job(tmp_path, **AUGMENTED, job={"train_rows": torch.arange(32).numpy()}))
    shown = 3 * (32 + 12)  # epochs of training and validation rows
    assert shown <= images[0] <= shown + 8 + 12  # and once for the size of the features, once for the picture


def test_a_killed_search_goes_on_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(made_job(tmp_path, out="whole", **SEARCH))
    monkeypatch.setattr(Pacing, "checkpoint_due", lambda _, within_epoch: not within_epoch or True)
    calls, real = [0], Course.learn

    def deadly(course: Course, batch: Any) -> None:
        calls[0] += 1
        if calls[0] == 17:  # the second of three heads, in an epoch's middle: its neighbour is a step ahead
            raise KeyboardInterrupt
        real(course, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Course, "learn", deadly)
        with pytest.raises(KeyboardInterrupt):
            train(made_job(tmp_path, out="killed", **SEARCH))
    train(made_job(tmp_path, out="killed", **SEARCH))
    assert same(tmp_path / "whole/weights.safetensors", tmp_path / "killed/weights.safetensors")
    events = [json.loads(line)["event"] for line in (tmp_path / "killed/log.jsonl").read_text().splitlines()]
    assert "resume" in events
    assert events.count("epoch") == 3


def test_what_changes_the_batches_is_trained_one_after_the_other(tmp_path: Path) -> None:
    job = made_job(tmp_path, **SEARCH)
    assert side_by_side(job, Search(values={"optimizer.adamw.lr": [1.0], "clip": [1.0, 2.0]}))
    assert not side_by_side(job, Search(values={"optimizer.adamw.lr": [1.0], "batch_size": [4, 8]}))
    mixed = made_job(tmp_path, **SEARCH, mix="mixup")
    assert not side_by_side(mixed, Search(values={"optimizer.adamw.lr": [1.0]}))


def test_live_features_are_the_backbones(tmp_path: Path) -> None:
    from longtail.stages.live_features import LiveFeatureReader
    from longtail.stages.precision import chosen_precision

    job = made_job(tmp_path)
    images, rows = torch.rand(4, 1, 12, 12), torch.arange(4).numpy()
    precision = chosen_precision("fp32", torch.device("cpu"), "small", 12)
    read = LiveFeatureReader(lambda *_: images, job.model.backbone, "tokens", precision)
    found = read(rows, 0)
    assert not found.requires_grad
    assert torch.equal(found, features_of(job.model.backbone.eval(), images, "tokens"))
