"""A batch in parts that fit into memory, with the gradient of the whole batch.

A mean over the known entries of a batch is the sum of its parts' means, each times its share of the known entries; so
every term's share is counted from the targets first. The same shares make DistributedDataParallel's average over
processes the mean over all their rows. What is not the same: BatchNorm sees the parts, and losses that compare the rows
of a batch (supcon, triplet, two_way) can't be split.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from longtail.errors import UserError, listing
from longtail.running.processes import World, summed
from longtail.stages.batch import Batch
from longtail.stages.objective import Objective

_TOLD = ("out of memory", "can't allocate memory", "not enough memory")


class MicroBatches:
    """Forward and backward of a batch in `parts`, which double when memory runs out and `size` may be found."""

    def __init__(
        self,
        learner: nn.Module,
        objective: Objective,
        world: World,
        *,
        size: int | None,
        largest: int,
        find: bool,
        scale: Callable[[Tensor], Tensor] = lambda loss: loss,
    ) -> None:
        self._learner, self._objective, self._world, self._scale = learner, objective, world, scale
        self._rows = -(-largest // world.size)  # of the largest batch, in this process
        self._find = find
        self.parts = 1 if size is None else -(-self._rows // size)
        self._check()

    @property
    def size(self) -> int:
        """Rows of a micro-batch in one process."""
        return -(-self._rows // self.parts)

    def __call__(self, batch: Batch, clear: Callable[[], None]) -> Tensor:
        """Leave the batch's gradients in the parameters, and give its loss; `clear` empties the gradients."""
        while True:
            short = False
            try:
                loss = self._backward(batch)
            except (RuntimeError, MemoryError) as error:
                if not self._find or not out_of_memory(error) or self._world.size > 1:
                    raise
                short = True
            if not short:
                return loss
            clear()
            self._halve()

    def _backward(self, batch: Batch) -> Tensor:
        if self.parts == 1 and self._world.size == 1:
            loss: Tensor = self._learner(batch)
            self._scale(loss).backward()  # type: ignore[no-untyped-call]
            return loss.detach()
        return self._in_parts(batch)

    def _in_parts(self, batch: Batch) -> Tensor:
        parts = list(batch.parts(min(self.parts, len(batch))))
        masses = torch.stack([self._objective.masses(part) for part in parts])
        means = [term.reduction != "sum" for term in self._objective.now()]
        whole = summed(masses.sum(0), self._world)
        # A mean's parts add up by their shares; a sum's parts add up as they are.
        shares = torch.where(torch.tensor(means, device=masses.device), masses / whole, 1.0) * self._world.size
        total = masses.new_zeros(())
        for place, part in enumerate(parts):
            last = place == len(parts) - 1
            with nullcontext() if last or self._world.size == 1 else _unsynchronised(self._learner):
                loss = self._learner(part, shares[place])
                self._scale(loss).backward()  # type: ignore[no-untyped-call]
            total = total + loss.detach()
        return total if self._world.size == 1 else summed(total, self._world) / self._world.size

    def _halve(self) -> None:
        if self.size == 1:
            raise UserError(
                "memory runs out even with one image at a time; choose a smaller image_size or a smaller backbone."
            )
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.parts = min(self.parts * 2, self._rows)
        self._check()

    def _check(self) -> None:
        whole = [term.name for term in self._objective.all_terms() if term.reduction == "batch"]
        if self.parts > 1 and whole:
            raise UserError(
                f"the loss {listing(whole)} compares the images of a batch, so a batch of {self._rows} can't be"
                f" computed in {self.parts} parts; choose a smaller batch_size, or micro_batch: null."
            )


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or a CPU."""
    known: Any = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, known) or any(told in str(error).lower() for told in _TOLD)


def _unsynchronised(learner: nn.Module) -> Any:
    return learner.no_sync()  # type: ignore[operator]  # of DistributedDataParallel
