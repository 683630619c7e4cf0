"""The processes of a training: those that `torchrun` started, or this one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed


@contextmanager
def joined() -> Iterator[tuple[int, int]]:
    """Rank and number of processes; joins `torchrun`'s group unless the caller has, and leaves it at the end."""
    if not distributed.is_available() or "RANK" not in os.environ or distributed.is_initialized():
        started = distributed.is_available() and distributed.is_initialized()
        yield (distributed.get_rank(), distributed.get_world_size()) if started else (0, 1)
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield distributed.get_rank(), distributed.get_world_size()
    finally:
        distributed.destroy_process_group()


def pick_device(name: str) -> torch.device:
    """`auto`: this process's GPU if there is one, else the CPU."""
    if name != "auto":
        return torch.device(name)
    return torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu")
