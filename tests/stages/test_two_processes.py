"""Two processes (DDP, gloo) train what one does: the same weights but for rounding, the same metrics, one log."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job
from safetensors.torch import load_file

from longtail.stages.train import train

MADE = Path(__file__).resolve().parents[1] / "made"
CASES: dict[str, dict[str, Any]] = {
    "multi": {"loss": "bce", "keep": {"best": "map"}, "optimizer": {"sgd": {"lr": 0.05}}},
    "single": {"single": True, "class_weights": "inverse", "micro_batch": 2, "optimizer": {"sgd": {"lr": 0.05}}},
    "head": {"train": "head", "ema": {"decay": 0.5}, "optimizer": {"sgd": {"lr": 0.05}}},
}
SCRIPT = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
import json, torch; torch.set_num_threads(1)
from made_jobs import made_job
from longtail.running.processes import together
from longtail.stages.train import train
with together():
    for name, settings in json.loads(sys.argv[3]).items():
        folder = Path(sys.argv[2]) / name
        train(made_job(folder, out="two", backbone="small_plain", **settings))
"""


def valid_of(folder: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line["valid"] for line in lines if line["event"] == "epoch"]


def loss_of(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["event"] == "epoch"]


def run_two(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []
    for rank in range(2):
        environment = {
            **os.environ,
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": "2",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        arguments = [sys.executable, "-c", SCRIPT, str(MADE), str(folder), json.dumps(CASES)]
        processes.append(subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True))
    try:
        told = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], told


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("both")
    for name, settings in CASES.items():
        train(made_job(folder / name, out="one", backbone="small_plain", **settings))
    run_two(folder)
    return folder


@pytest.mark.parametrize("name", CASES)
def test_as_one_process(both: Path, name: str) -> None:
    one, two = both / name / "one", both / name / "two"
    expected, found = load_file(one / "weights.safetensors"), load_file(two / "weights.safetensors")
    assert expected.keys() == found.keys()
    for key in expected:
        torch.testing.assert_close(found[key], expected[key], rtol=1e-4, atol=1e-6)
    assert loss_of(two) == pytest.approx(loss_of(one), rel=1e-5)
    for theirs, ours in zip(valid_of(one), valid_of(two), strict=True):
        assert ours["map"] == pytest.approx(theirs["map"], abs=1e-9)
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
