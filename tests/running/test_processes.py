"""Two real processes of one group, and what holds for one alone."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, nn

from longtail.running.processes import (
    World,
    agreed,
    any_of,
    interleaved,
    joined,
    meet,
    pick_device,
    place,
    send_buffers,
    summed,
    together,
)

ROWS = torch.arange(10.0).view(5, 2)
ALONE = World()


def _as_rank(rank: int, folder: str) -> None:
    """What each of two processes sees of the other; a group that was the caller's is not left."""
    meeting = f"file://{folder}/meet"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    with together() as world:
        assert (world.rank, world.size, world.first) == (rank, 2, rank == 0)
        assert joined() == place() == world
        value = torch.tensor([1.0, float(rank)])
        assert summed(value, world).tolist() == [2.0, 1.0]
        assert value.tolist() == [1.0, float(rank)]
        assert [agreed(flag, world) for flag in (False, rank == 1, True)] == [False, True, True]
        assert any_of(np.array([rank == 0, rank == 1, False]), world).tolist() == [True, True, False]
        assert torch.equal(interleaved(ROWS[rank::2], len(ROWS), world), ROWS)
        norm = nn.BatchNorm1d(2)
        norm.running_mean = torch.full((2,), float(rank))
        send_buffers(norm, world)
        assert norm.running_mean.tolist() == [0.0, 0.0]
        meet(world)
    assert place().size == 2
    distributed.destroy_process_group()
    assert place() == ALONE


def test_two_processes(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, __file__, str(tmp_path)]) as other:
        _as_rank(0, str(tmp_path))
    assert other.returncode == 0


def test_one_process_joins_nothing() -> None:
    with together() as world:
        assert world == joined() == place() == ALONE
        assert not distributed.is_initialized()
    assert summed(ROWS, ALONE) is interleaved(ROWS, 5, ALONE) is ROWS
    assert agreed(True, ALONE)
    assert not agreed(False, ALONE)
    assert any_of(np.array([True, False]), ALONE).tolist() == [True, False]
    meet(ALONE)


def test_a_group_joined_for_a_piece_of_work_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also when the work fails; here with a group of one, met at a file."""

    def start(_: str) -> None:
        real("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)

    real = distributed.init_process_group
    monkeypatch.setattr(distributed, "init_process_group", start)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ZeroDivisionError), together():
        assert distributed.is_initialized()
        with together():
            pass
        assert distributed.is_initialized()
        raise ZeroDivisionError
    assert not distributed.is_initialized()


def test_devices() -> None:
    assert pick_device(ALONE, "meta") == torch.device("meta")
    assert pick_device(World(local=0)).type == ("cuda" if torch.cuda.is_available() else "cpu")


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    _as_rank(1, sys.argv[1])
