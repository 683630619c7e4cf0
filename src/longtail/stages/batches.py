"""The batches of an epoch: rows drawn, read whole-batch, mixed; the next one made by a thread while a step runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from longtail.augment.mix_balanced import BalancedMixup
from longtail.augment.mix_step import step_generator
from longtail.augment.mix_targets import Mixed
from longtail.running.processes import World
from longtail.stages.batch import Batch
from longtail.stages.draws import Draw, Draws
from longtail.stages.job import Rows
from longtail.stages.readers import Reader
from longtail.stages.study_draws import StudyDraws


@dataclass(frozen=True)
class Stream:
    """One sampler's draws, the reader of their images, and what that reader's pasting does to their targets."""

    draws: Draws | StudyDraws
    read: Reader
    relabel: Callable[[npt.NDArray[Any], Rows, int, Rows], npt.NDArray[Any]] | None = None


class Batches:
    """Batches by epoch and step, the same whenever they are asked for.

    `targets` `(N, ...)` and `sources` `(N,)` are of all prepared images. With a `second` stream and no mix, batches
    hold both streams (BBN); with `balanced_mixup` the second is what is mixed in.
    """

    def __init__(
        self,
        first: Stream,
        second: Stream | None,
        targets: npt.NDArray[Any],
        *,
        mix: Callable[..., Mixed] | None,
        num_classes: int,
        sources: npt.NDArray[np.int64] | None,
        studies: npt.NDArray[np.int64] | None = None,
        views: npt.NDArray[np.int64] | None = None,
        device: torch.device,
        seed: int,
        world: World,
        ahead: bool,
    ) -> None:
        self.first, self.second, self.mix, self.num_classes = first, second, mix, num_classes
        self._targets = torch.from_numpy(targets)
        self._sources = None if sources is None else torch.from_numpy(sources)
        self._studies = None if studies is None else torch.from_numpy(studies)
        self._views = None if views is None else torch.from_numpy(views)
        self._device, self._seed, self._world = device, seed, world
        self._ahead = ahead

    def epoch(self, epoch: int, start: int, stop: int) -> Iterator[Batch]:
        """The batches of steps `start` to `stop` of an epoch."""
        if not self._ahead:
            for step in range(start, stop):
                yield self.make(epoch, step)
            return
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self.make, epoch, start) if start < stop else None
            for step in range(start + 1, stop + 1):
                assert waiting is not None
                batch = waiting.result()
                waiting = pool.submit(self.make, epoch, step) if step < stop else None
                yield batch

    def make(self, epoch: int, step: int) -> Batch:
        """The batch of one step."""
        draw = self.first.draws.step(epoch, step)
        images, target = self.first.read(draw.rows, epoch, draw.repeats), self._target(self.first, draw, epoch)
        source = self._of(self._sources, draw)
        if draw.group is not None:
            study = torch.from_numpy(draw.group).to(self._device, non_blocking=True)
            return Batch(images, only_counted(target, draw), source, study=study, view=self._of(self._views, draw))
        if self.second is None:
            batch = Batch(images, target, source, study=self._of(self._studies, draw))
            return batch if self.mix is None else self._mixed(batch, self._rng(epoch, step))
        other = self.second.draws.step(epoch, step)
        batch = Batch(
            images,
            target,
            source,
            reversed_images=self.second.read(other.rows, epoch, other.repeats),
            reversed_target=self._target(self.second, other, epoch),
            reversed_source=self._of(self._sources, other),
        )
        return batch if self.mix is None else self._balanced(batch, self._rng(epoch, step))

    def _mixed(self, batch: Batch, rng: np.random.Generator) -> Batch:
        assert self.mix is not None
        mixed = self.mix(batch.images, batch.target, rng=rng, num_classes=self.num_classes)
        if batch.target.ndim == 2:
            return Batch(mixed.images, mixed.targets, batch.source)
        return Batch(mixed.images, batch.target, batch.source, batch.target[mixed.partner], mixed.weight)

    def _balanced(self, batch: Batch, rng: np.random.Generator) -> Batch:
        assert self.mix is not None
        mixed = self.mix(
            batch.images,
            batch.target,
            batch.reversed_images,
            batch.reversed_target,
            rng=rng,
            num_classes=self.num_classes,
        )
        if batch.target.ndim == 2:
            return Batch(mixed.images, mixed.targets, batch.source)
        return Batch(mixed.images, batch.target, batch.source, batch.reversed_target, mixed.weight)

    def _target(self, stream: Stream, draw: Draw, epoch: int) -> Tensor:
        """The targets of a draw, as they are or as pasting makes them."""
        if stream.relabel is None:
            return _there(self._of(self._targets, draw))
        found = stream.relabel(self._targets.numpy()[draw.rows], draw.rows, epoch, draw.repeats)
        return torch.from_numpy(found).to(self._device, non_blocking=True)

    def _of(self, values: Tensor | None, draw: Draw) -> Tensor | None:
        if values is None:
            return None
        return values.index_select(0, torch.from_numpy(draw.rows)).to(self._device, non_blocking=True)

    def _rng(self, epoch: int, step: int) -> np.random.Generator:
        return step_generator(self._seed, epoch, step * self._world.size + self._world.rank)


def second_sampler(mix: Any) -> str:
    """What the second stream draws by: evenly over classes for balanced mixup, reversed for two branches."""
    return "class_aware" if isinstance(mix, BalancedMixup) else "reversed"


def only_counted(target: Tensor, draw: Draw) -> Tensor:
    """Targets `(B, C)` or `(B,)`, unknown in rows that are only read."""
    if draw.counts is None:
        return target
    unknown = -1 if target.ndim == 1 else torch.nan
    read = torch.from_numpy(~draw.counts).to(target.device)
    return target.masked_fill(read if target.ndim == 1 else read[:, None], unknown)


def _there(target: Tensor | None) -> Tensor:
    assert target is not None
    return target
