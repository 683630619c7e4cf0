"""The processes of one training: one, or several that `torchrun` started (DDP; gloo on a CPU, nccl on GPUs)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed

from longtail.errors import UserError


@dataclass(frozen=True)
class World:
    """This process's place among all of a training."""

    rank: int = 0
    size: int = 1
    local: int = 0  # place on its own machine: which GPU is its

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0


def place() -> World:
    """This process's place in the group that it is in; alone where it is in none."""
    if not _grouped():
        return World()
    return World(distributed.get_rank(), distributed.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))


def joined() -> World:
    """This process's place; joins the group that `torchrun`'s environment names, unless it is in one."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size > 1 and not _grouped():
        if not distributed.is_available():
            raise UserError(f"{size} processes were started, but this build of PyTorch has no distributed training.")
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return place()


@contextmanager
def together() -> Iterator[World]:
    """This process's place for a piece of work; the group that it joins for that is left at the end, a caller's not."""
    callers = _grouped()
    try:
        yield joined()
    finally:
        if _grouped() and not callers:
            distributed.destroy_process_group()


def pick_device(world: World, name: str = "auto") -> torch.device:
    """The device called `name`; `auto`: the process's own GPU where there is one, else the CPU."""
    if name != "auto":
        return torch.device(name)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", world.local % torch.cuda.device_count())
    torch.cuda.set_device(device)
    return device


def meet(world: World) -> None:
    """Wait for all other processes."""
    if world.size > 1:
        distributed.barrier()


def summed(value: Tensor, world: World) -> Tensor:
    """The sum of a tensor over all processes."""
    if world.size > 1:
        value = value.clone()
        distributed.all_reduce(value)
    return value


def agreed(flag: bool, world: World) -> bool:
    """Whether `flag` is set in any process; all must ask."""
    return flag if world.size == 1 else bool(any_of(np.array([flag]), world)[0])


def any_of(flags: npt.NDArray[np.bool_], world: World) -> npt.NDArray[np.bool_]:
    """Which of some flags are set in any process; all must ask."""
    if world.size == 1:
        return flags
    counts = summed(torch.from_numpy(flags).to(pick_device(world), torch.float32), world)
    found: npt.NDArray[np.bool_] = (counts > 0).cpu().numpy()
    return found


def interleaved(part: Tensor, total: int, world: World) -> Tensor:
    """Rows `rank::size` of every process `(n, ...)` put together in order, `(total, ...)`; the same on all."""
    if world.size == 1:
        return part
    most = -(-total // world.size)
    padded = part.new_zeros(most, *part.shape[1:])
    padded[: len(part)] = part
    parts = [torch.empty_like(padded) for _ in range(world.size)]
    distributed.all_gather(parts, padded)
    return torch.stack(parts, dim=1).flatten(0, 1)[:total]


def send_buffers(module: torch.nn.Module, world: World) -> None:
    """Give every process the first one's buffers (running statistics of BatchNorm)."""
    if world.size > 1:
        for buffer in module.buffers():
            distributed.broadcast(buffer, 0)


def _grouped() -> bool:
    return distributed.is_available() and distributed.is_initialized()
