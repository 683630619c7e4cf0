"""The loop as a whole: it learns, logs, keeps the right epoch, stops early or at a loss that is no number."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_jobs import made_job
from sklearn.metrics import average_precision_score

from longtail.errors import UserError
from longtail.models.weights.saving import load_weights
from longtail.stages.divergence import found_divergence, usual_loss
from longtail.stages.keeping import Keeper
from longtail.stages.predicting_rows import predict_values
from longtail.stages.recipe import EarlyStop
from longtail.stages.train import train


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("single", [True, False])
def test_it_learns(tmp_path: Path, single: bool) -> None:
    seen: list[dict[str, Any]] = []
    job = made_job(tmp_path, single=single, epochs=12, optimizer={"adamw": {"lr": 0.03}}, job={"on_event": seen.append})
    result = train(job)
    told = lines(job.folder)
    assert seen == told
    assert [line["event"] for line in told] == ["start", *["epoch"] * 12, "end"]
    epochs = told[1:-1]
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    assert epochs[-1]["valid"]["map"] > 0.9
    assert result.epoch == 12
    assert epochs[-1]["step"] == result.facts["steps"] == 60


def test_the_kept_epoch_is_the_best_and_its_predictions_are_exact(tmp_path: Path) -> None:
    job = made_job(tmp_path, epochs=5, optimizer={"adamw": {"lr": 0.05}}, keep={"best": "map"})
    result = train(job)
    values = [line["valid"]["map"] for line in lines(job.folder) if line["event"] == "epoch"]
    assert result.value == max(values)
    assert result.epoch == values.index(max(values)) + 1
    load_weights(job.model, job.folder / "weights.safetensors")
    found = predict_values(job, job.valid_rows)
    targets = job.targets[job.valid_rows]
    known = ~np.isnan(targets)
    expected = [average_precision_score(targets[k, c], found[k, c]) for c, k in enumerate(known.T)]
    assert result.value == pytest.approx(np.mean(expected))


def test_steps_in_place_of_epochs(tmp_path: Path) -> None:
    job = made_job(tmp_path, epochs=None, steps=7)
    assert train(job).facts["steps"] == 7
    assert [line["step"] for line in lines(job.folder) if line["event"] == "epoch"][-1] == 7


def test_validation_every_other_epoch_and_last(tmp_path: Path) -> None:
    job = made_job(tmp_path, epochs=5, validate_every=2, keep={"best": "macro_f1"})
    kept = train(job).value
    found = [line["valid"] for line in lines(job.folder) if line["event"] == "epoch"]
    assert [each is not None for each in found] == [False, True, False, True, True]
    assert kept == max(each["macro_f1"] for each in found if each)


def test_it_stops_early(tmp_path: Path) -> None:
    job = made_job(tmp_path, epochs=30, keep={"best": "loss"}, early_stop={"patience": 2, "at_least": 1.0})
    train(job)
    assert len([line for line in lines(job.folder) if line["event"] == "epoch"]) == 3


def test_a_loss_that_is_no_number_stops_the_stage(tmp_path: Path) -> None:
    job = made_job(tmp_path, epochs=9, optimizer={"sgd": {"lr": 1e20}})
    with pytest.raises(UserError, match=r"epoch 1, step \d+; likely the learning rate .* is too high"):
        train(job)
    assert lines(job.folder)[-1]["event"] == "nan"
    assert not (job.folder / "weights.safetensors").exists()


def test_divergence_names_the_step() -> None:
    losses = torch.tensor([1.0, 1.2, 5e4, torch.nan])
    assert usual_loss(losses[:2]) == pytest.approx(1.1)
    found = found_divergence(losses, 1.1)
    assert found is not None
    assert (found.step, found.loss) == (2, 5e4)
    assert found_divergence(losses[:2], 1.1) is None


def test_best_needs_validation(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no validation rows"):
        train(made_job(tmp_path, keep={"best": "map"}, job={"valid_rows": np.arange(0)}))
    with pytest.raises(UserError, match="mauc"):
        train(made_job(tmp_path, keep={"best": "mau"}))
    with pytest.raises(UserError, match="map_tail.* none has training images but fewer than 1 "):
        train(made_job(tmp_path, keep={"best": "map_tail"}))


def test_undefined_is_never_best_and_counts_as_no_gain() -> None:
    keeper = Keeper("map", early=EarlyStop(patience=2, at_least=0.1))
    offered = [keeper.offer(i + 1, {"map": v}) for i, v in enumerate([None, 0.5, 0.55, None])]
    assert offered == [False, True, True, False]
    assert (keeper.epoch, keeper.value, keeper.stops) == (3, 0.55, True)


def test_parent_momentum_is_taken(tmp_path: Path) -> None:
    first = made_job(tmp_path, out="first", job={"keep_momentum": True})
    train(first)
    plain, warm = made_job(tmp_path, out="plain"), made_job(tmp_path, out="warm", job={"parent_momentum": first.folder})
    train(plain)
    train(warm)
    assert (plain.folder / "weights.safetensors").read_bytes() != (warm.folder / "weights.safetensors").read_bytes()
    assert not (plain.folder / "momentum.safetensors").exists()  # nobody asks for it
    cold = made_job(tmp_path, out="cold", job={"parent_momentum": plain.folder})
    with pytest.raises(UserError, match=r"starts with its parent's momentum, and '.*plain' has none.*momentum: false"):
        train(cold)
