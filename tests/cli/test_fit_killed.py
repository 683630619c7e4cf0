"""`longtail fit` killed at random moments, SIGKILL included, ends with the very bits of a run that nobody disturbed."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from made_data import made_manifest

RECIPE = """
recipe: tiny
task: multilabel
model: {backbone: resnet10t, weights: none, channels: 1}
defaults: {image_size: 24, batch_size: 4, loss: bce, optimizer: {adamw: {lr: 0.001}}}
stages:
  features: {epochs: 6, augment: [hflip, {shift_scale: {}}], ema: {decay: 0.9}, keep: {best: map}}
  more: {from: features, epochs: 4, optimizer: {sgd: {lr: 0.01, momentum: 0.9}}, mix: mixup}
  head: {from: more, train: head, epochs: 3, sampler: class_aware}
"""
KILLS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    made_manifest(folder)
    (folder / "tiny.yaml").write_text(RECIPE)
    return folder


def started(folder, out):
    call = [sys.executable, "-m", "longtail", "fit", "tiny.yaml", "manifest.csv", "--out", out]
    call += ["--prepared", f"prepared-{out}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    hears = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731 - a shell's background jobs ignore Ctrl-C
    return subprocess.Popen(call, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=hears)


def bits(folder, out):
    stages = sorted((folder / out / "stages").iterdir())
    return {
        f"{stage.name}/{name}": hashlib.sha256((stage / name).read_bytes()).hexdigest()
        for stage in stages
        for name in ("weights.safetensors", "predictions.parquet")
    }


def test_killed_runs_end_with_the_same_bits(folder):
    whole = started(folder, "whole")
    began = time.monotonic()
    _, told = whole.communicate(timeout=300)
    assert whole.returncode == 0, told
    seconds, draw = time.monotonic() - began, random.Random(0)
    for kill in range(KILLS):
        process = started(folder, "killed")
        number = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[kill % 4]
        try:
            process.wait(seconds * draw.uniform(0.25, 0.8))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        _, told = process.communicate(timeout=300)
        assert "Traceback" not in told
    last = started(folder, "killed")
    _, told = last.communicate(timeout=300)
    assert last.returncode == 0, told
    assert bits(folder, "killed") == bits(folder, "whole")
    lines = (folder / "killed/stages/features/log.jsonl").read_text().splitlines()
    assert sum('"event": "epoch"' in line for line in lines) == 6  # none twice
