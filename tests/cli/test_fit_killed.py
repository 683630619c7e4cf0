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
from made_lives import Life, command

RECIPE = """
recipe: tiny
task: multilabel
model: {backbone: test_resnet, weights: none, channels: 1}
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


def bits(folder, out):
    stages = sorted((folder / out / "stages").iterdir())
    return {
        f"{stage.name}/{name}": hashlib.sha256((stage / name).read_bytes()).hexdigest()
        for stage in stages
        for name in ("weights.safetensors", "predictions.parquet")
    }


def words(out):
    return ["fit", "tiny.yaml", "manifest.csv", "--out", out, "--prepared", f"prepared-{out}"]


def lived(folder, out):
    return Life(command, *words(out), folder=folder)


def test_killed_runs_end_with_the_same_bits(folder):
    began = time.monotonic()
    whole = lived(folder, "whole")
    assert whole.ended() == 0, whole.said()
    seconds, draw = time.monotonic() - began, random.Random(0)
    for kill in range(KILLS):
        life = lived(folder, "killed")
        if life.ended(seconds * draw.uniform(0.25, 0.8)) is None:
            life.struck((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[kill % 4])
        assert "Traceback" not in life.said()
    call = [sys.executable, "-m", "longtail", *words("killed")]  # the last in a process of its own, imports and all
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    last = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert last.returncode == 0, last.stderr
    assert bits(folder, "killed") == bits(folder, "whole")
    lines = (folder / "killed/stages/features/log.jsonl").read_text().splitlines()
    assert sum('"event": "epoch"' in line for line in lines) == 6  # none twice
