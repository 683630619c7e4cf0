"""A killed training goes on and ends with the same bits: stopped by an error, SIGKILL and SIGTERM, at any point."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job
from safetensors.torch import load_file

import longtail.models.weights.saving as saving
import longtail.stages.pacing as pacing
import longtail.stages.training as training
from longtail.stages.train import train
from longtail.stages.training import Training
from longtail.stages.validation import Validator

MADE = Path(__file__).resolve().parents[1] / "made"
SETTINGS: dict[str, Any] = {
    "backbone": "small_dropout",
    "augment": ["hflip", "noise"],
    "mix": "mixup",
    "ema": {"decay": 0.9},
    "keep": {"best": "map"},
    "clip": 1.0,
    "optimizer": {"adamw": {"lr": 0.02}},
    "schedule": {"cosine": {"warmup_epochs": 1}},
    "epochs": 4,
}


class Killed(BaseException):
    """As sudden as SIGKILL, but within one process."""


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every step."""
    monkeypatch.setattr(pacing, "_CHECKPOINT", 0.0)
    monkeypatch.setattr(pacing, "_SHARE", 0)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a power cut is not tested


def weights(folder: Path, name: str = "weights") -> dict[str, torch.Tensor]:
    return load_file(folder / f"{name}.safetensors")


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def epochs_of(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    timed = ("time", "seconds", "images_per_s")
    return [{k: v for k, v in line.items() if k not in timed} for line in lines if line["event"] == "epoch"]


def kill_at(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, count: int) -> Callable[[], None]:
    """Raise at the `count`-th call; the result undoes it."""
    calls, real = [0], getattr(owner, name)

    def deadly(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == count:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, deadly)
    return lambda: monkeypatch.setattr(owner, name, real)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("owner", "name", "count"),
    [
        (Training, "learn", 1),  # before anything
        (Training, "learn", 8),  # within an epoch
        (Validator, "side_by_side", 2),  # between the last step and the end of an epoch
        (training, "write_checkpoint", 5),
        (saving, "save_file", 9),  # a checkpoint half written
        (Training, "finish", 1),  # all done, nothing handed over
        (training, "save_weights", 2),
    ],
)
def test_goes_on_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, count: int
) -> None:
    handing = {**SETTINGS, "job": {"keep_momentum": True}}
    whole = made_job(tmp_path, out="whole", **handing)
    train(whole)
    undo = kill_at(monkeypatch, owner, name, count)
    with pytest.raises(Killed):
        train(made_job(tmp_path, out="killed", **handing))
    undo()
    result = train(made_job(tmp_path, out="killed", **handing))
    assert result.facts["steps"] == 20
    for file in ("weights", "raw", "momentum"):
        assert same(weights(whole.folder, file), weights(tmp_path / "killed", file))
    assert epochs_of(whole.folder) == epochs_of(tmp_path / "killed")


@pytest.mark.usefixtures("eager")
def test_checkpoints_do_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    often = made_job(tmp_path, out="often", **SETTINGS)
    train(often)
    monkeypatch.setattr(pacing.Pacing, "checkpoint_due", lambda *_, **__: False)
    never = made_job(tmp_path, out="never", **SETTINGS)
    train(never)
    assert same(weights(often.folder), weights(never.folder))
    assert not (never.folder / "checkpoint.safetensors").exists()


@pytest.mark.usefixtures("eager")
def test_a_damaged_checkpoint_is_said_and_left(tmp_path: Path) -> None:
    from longtail.errors import UserError

    job = made_job(tmp_path, **SETTINGS)
    train(job)
    path = job.folder / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match="can't be read"):
        train(made_job(tmp_path, **SETTINGS))
    assert path.stat().st_size == 200


SCRIPT = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
import torch; torch.set_num_threads(1)
import longtail.stages.pacing as pacing
pacing._CHECKPOINT = pacing._SHARE = 0
import os; os.fsync = lambda _: None
from made_jobs import made_job
from longtail.stages.train import train
import json
train(made_job(Path(sys.argv[2]), out=sys.argv[3], **json.loads(sys.argv[4])))
"""


def started(folder: Path, out: str, **settings: Any) -> subprocess.Popen[bytes]:
    arguments = [str(MADE), str(folder), out, json.dumps({**SETTINGS, **settings})]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *arguments], env=environment, stderr=subprocess.PIPE)


def wait_for_lines(path: Path, count: int) -> None:
    for _ in range(3000):
        if path.exists() and len(path.read_text().splitlines()) >= count:
            return
        time.sleep(0.02)
    raise AssertionError("the training did not come so far")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_signals(tmp_path: Path, number: int) -> None:
    longer = {"epochs": 20}
    made_job(tmp_path, out="unused", **SETTINGS)  # images and prepared pixels
    process = started(tmp_path, "killed", **longer)
    wait_for_lines(tmp_path / "killed" / "log.jsonl", 6)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    told = json.loads((tmp_path / "killed" / "log.jsonl").read_text().splitlines()[-1])
    assert told["event"] != "end"
    assert (tmp_path / "killed" / "checkpoint.safetensors").exists()
    train(made_job(tmp_path, out="killed", **{**SETTINGS, **longer}))
    train(made_job(tmp_path, out="whole", **{**SETTINGS, **longer}))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    assert epochs_of(tmp_path / "whole") == epochs_of(tmp_path / "killed")
