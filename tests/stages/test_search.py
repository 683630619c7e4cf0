"""A search keeps the candidate that validation likes best, goes on after a kill, and refits on train + val."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job
from safetensors.torch import load_file

from longtail.errors import UserError
from longtail.models.class_changes import replace_head
from longtail.stages.recipe import Search, Stage
from longtail.stages.search import candidates, changed, searched
from longtail.stages.train import train, train_once

SEARCH: dict[str, Any] = {
    "train": "head",
    "keep": {"best": "loss"},
    "search": {"values": {"optimizer.adamw.lr": [1e-5, 0.1, 1e3]}},
}


def test_the_best_candidate_is_the_stage(tmp_path: Path) -> None:
    result = train(made_job(tmp_path, **SEARCH))
    assert result.facts["chosen"] == {"optimizer.adamw.lr": 0.1}
    told = result.facts["search"]
    assert [each["settings"]["optimizer.adamw.lr"] for each in told] == [1e-5, 0.1, 1e3]
    assert result.value == told[1]["loss"]
    alone = made_job(tmp_path, out="alone", train="head", keep={"best": "loss"}, optimizer={"adamw": {"lr": 0.1}})
    train(alone)
    one, other = load_file(tmp_path / "out/weights.safetensors"), load_file(alone.folder / "weights.safetensors")
    assert all(torch.equal(one[name], other[name]) for name in other)
    assert (tmp_path / "out/log.jsonl").exists()


def test_finished_candidates_are_not_trained_again(tmp_path: Path) -> None:
    trained = []

    def once(job: Any) -> Any:
        trained.append(job.name)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return train_once(job)

    with pytest.raises(KeyboardInterrupt):
        searched(made_job(tmp_path, **SEARCH), once)
    searched(made_job(tmp_path, **SEARCH), once)
    assert [name.partition("=")[2] for name in trained] == ["1e-05)", "0.1)", "0.1)", "1000.0)"]


def test_refit_trains_on_both_splits(tmp_path: Path) -> None:
    settings = {**SEARCH, "search": {**SEARCH["search"], "refit": True}}
    result = train(made_job(tmp_path, **settings))
    assert result.facts["refit"]
    lines = [json.loads(line) for line in (tmp_path / "out/log.jsonl").read_text().splitlines()]
    start = lines[0]
    assert start["rows"] == 48
    assert start["epochs"] == 3  # the schedule's length
    epochs = [line["epoch"] for line in lines if line["event"] == "epoch"]
    assert epochs == list(range(1, result.facts["stopped_after"] + 1))
    held_out = load_file(tmp_path / "out/weights-held-out.safetensors")
    refitted = load_file(tmp_path / "out/weights.safetensors")
    assert not all(torch.equal(held_out[name], tensor) for name, tensor in refitted.items())


def test_candidates_are_all_combinations() -> None:
    search = Search(values={"batch_size": [4, 8], "optimizer.sgd.lr": [1.0]})
    assert list(candidates(search)) == [
        {"batch_size": 4, "optimizer.sgd.lr": 1.0},
        {"batch_size": 8, "optimizer.sgd.lr": 1.0},
    ]


def test_a_component_without_settings_gets_some() -> None:
    stage = changed(Stage(optimizer="sgd"), {"optimizer.sgd.lr": 0.5, "batch_size": 3})
    assert stage.optimizer.settings == {"lr": 0.5}
    assert stage.batch_size == 3


def test_it_needs_something_to_choose_by(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="keep"):
        train(made_job(tmp_path, **{**SEARCH, "keep": "last"}))


def test_a_heads_setting_is_searched_and_kept(tmp_path: Path) -> None:
    head = {"model": {"head": "tau_norm"}, "train": "head", "epochs": 0, "steps": None}
    search = {"values": {"model.head.tau_norm.tau": [0.0, 1.0, 30.0]}}
    job = made_job(tmp_path, keep={"best": "loss"}, search=search, **head)
    replace_head(job.model, "tau_norm", keep=True)
    result = train(job)
    losses = [each["loss"] for each in result.facts["search"]]
    assert len(set(losses)) == 3
    best = losses.index(min(losses))
    assert result.facts["chosen"] == {"model.head.tau_norm.tau": [0.0, 1.0, 30.0][best]}
    assert job.model.head.tau == [0.0, 1.0, 30.0][best]
