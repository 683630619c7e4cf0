"""The loop as a program: killed without notice, and under torchrun. Starting Python is most of the time."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from made_lives import Life, pretrained
from safetensors.torch import load_file

from longtail.pretrain.loop import CHECKPOINT, WEIGHTS, pretrain
from longtail.pretrain.settings import Dinov2Settings

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)


def _same(one: Path, two: Path) -> bool:
    a, b = load_file(one), load_file(two)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


_SCRIPT = """
import sys, json, numpy as np, torch, cv2
torch.set_num_threads(1); cv2.setNumThreads(1)
from longtail.pretrain import Dinov2Settings, pretrain
pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
settings = Dinov2Settings(**json.loads(sys.argv[2]))
pretrain(pixels, settings, sys.argv[1], device="cpu", checkpoint_every=1)
"""


def test_killed_it_goes_on(tiny: Dinov2Settings, tmp_path: Path) -> None:
    settings = replace(tiny, epochs=8)
    life = Life(pretrained, PIXELS, settings, tmp_path / "killed", folder=tmp_path)
    while not (tmp_path / "killed" / CHECKPOINT).is_file():
        assert life.ended(0.02) is None, life.said()
    life.struck(signal.SIGKILL)
    done = pretrain(PIXELS, settings, tmp_path / "killed", device="cpu", checkpoint_every=12)
    pretrain(PIXELS, settings, tmp_path / "whole", device="cpu", checkpoint_every=24)
    assert done.weights is not None
    assert _same(done.weights, tmp_path / "whole" / WEIGHTS)


def test_two_processes(tiny: Dinov2Settings, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(_SCRIPT)
    settings = replace(tiny, koleo_weight=0.0, mask_probability=0.0, drop_path=0.0, batch_size=2, epochs=1)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    parted = replace(settings, micro_batch=1)  # in parts, which share their gradients once
    call = [*launcher, str(script), str(tmp_path / "two"), json.dumps(parted.as_facts())]
    assert subprocess.run(call, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=60).returncode == 0
    # Without what each process draws for itself, one process with both batches is the same training.
    done = pretrain(PIXELS, replace(settings, batch_size=4), tmp_path / "one", device="cpu")
    assert done.weights is not None
    one, two = load_file(done.weights), load_file(tmp_path / "two" / WEIGHTS)
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-3, atol=1e-4)
