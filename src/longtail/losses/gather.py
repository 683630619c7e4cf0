"""All ranks' rows in one tensor, with gradient: contrastive losses need many negatives.

`torch.distributed.all_gather` cuts the graph. Here every rank computes the same loss of all rows and keeps the gradient
of its own, times the number of ranks, since DistributedDataParallel divides by it: the network's gradients are those of
one process with the whole batch, and nothing is communicated on the way back.
"""

from typing import Any

import torch
from torch import Tensor, distributed


def gather_rows(rows: Tensor) -> Tensor:
    """`(B, ...)` of every rank as `(sum of B, ...)` in rank order; the tensor itself when there is one process."""
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows) if rows.requires_grad else _gathered(rows)[0]
    return gathered


def _gathered(rows: Tensor) -> tuple[Tensor, list[int]]:
    """All rows and how many each rank has; ranks may have different numbers, so the short ones are padded."""
    world = distributed.get_world_size()
    sizes = [torch.zeros((), dtype=torch.long, device=rows.device) for _ in range(world)]
    distributed.all_gather(sizes, torch.tensor(len(rows), device=rows.device))
    lengths = [int(size) for size in sizes]
    padded = rows.new_zeros(max(lengths), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in lengths]
    distributed.all_gather(parts, padded)
    return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)]), lengths


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        gathered, lengths = _gathered(rows)
        ctx.start = sum(lengths[: distributed.get_rank()])
        ctx.length = len(rows)
        return gathered

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient[ctx.start : ctx.start + ctx.length] * distributed.get_world_size()
