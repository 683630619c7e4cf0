"""Two real processes: the gradients of gathered rows are those of one process with the whole batch."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed, nn

from longtail.losses.center import Center
from longtail.losses.gather import gather_rows
from longtail.losses.supcon import supcon_loss

FEATURES = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
TARGET = torch.tensor([0, 1, 0, 2, 1, 1, 0])


def _as_rank(rank: int, folder: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The network's gradient, the centres and the gathered targets, of ranks with 4 and 3 rows."""
    meet = f"file://{folder}/meet"
    distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    mine = slice(0, 4) if rank == 0 else slice(4, 7)
    gradient = (
        _gradient(FEATURES[mine], TARGET[mine], gather=True) / 2
    )  # as DistributedDataParallel: the mean over ranks
    distributed.all_reduce(gradient)
    found = gradient, _centers(FEATURES[mine], TARGET[mine]), gather_rows(TARGET[mine])
    distributed.destroy_process_group()
    return found


def _gradient(features: torch.Tensor, target: torch.Tensor, *, gather: bool) -> torch.Tensor:
    torch.manual_seed(1)
    network = nn.Linear(5, 3)
    supcon_loss(network(features), target, gather=gather).backward()
    assert network.weight.grad is not None
    return network.weight.grad


def _centers(features: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(2)
    loss = Center(3, 5)
    loss(features, target)
    return loss.centers.detach()


def test_two_ranks_are_one_big_batch(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, __file__, str(tmp_path)]) as other:
        gradient, centers, target = _as_rank(0, str(tmp_path))
    assert other.returncode == 0
    torch.testing.assert_close(gradient, _gradient(FEATURES, TARGET, gather=False))
    torch.testing.assert_close(centers, _centers(FEATURES, TARGET))
    assert (target == TARGET).all()


def test_one_process_keeps_its_tensor() -> None:
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather_rows(rows) is rows


if __name__ == "__main__":
    _as_rank(1, sys.argv[1])
