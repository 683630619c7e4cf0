"""Which training rows each step shows: the sampler's order of an epoch, cut into steps, and each process's share."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.running.processes import World
from longtail.sampling.drawing import stream
from longtail.sampling.sampler import EpochSampler
from longtail.stages.component import NamedPart
from longtail.stages.job import Rows

_PARTNERS = 2_000_003  # added to the seed: draws unrelated to the sampler's


@dataclass(frozen=True)
class Plan:
    """How many steps there are; an epoch always has as many as the first."""

    per_epoch: int
    total: int

    @property
    def epochs(self) -> int:
        """Epochs, the last of which may be cut short by a number of steps."""
        return -(-self.total // self.per_epoch)

    def steps_of(self, epoch: int) -> int:
        """Steps of an epoch, 0 for the first."""
        return min(self.per_epoch, self.total - epoch * self.per_epoch)


@dataclass(frozen=True)
class Draw:
    """One process's part of a step: rows of the prepared images, and how often each came before in this epoch.

    Where whole studies are drawn: which rows belong together, and which count (the others are only read).
    """

    rows: Rows
    repeats: Rows
    group: Rows | None = None
    counts: npt.NDArray[np.bool_] | None = None


class Draws:
    """The rows of every step, a pure function of seed, epoch and step.

    Batches have `batch` rows over all processes. The rest of an epoch is a batch of its own when it is at least half a
    batch, and left out otherwise.
    """

    def __init__(
        self,
        sampler: NamedPart,
        targets: npt.NDArray[np.generic],
        train_rows: Rows,
        *,
        batch: int,
        seed: int,
        epochs: int,
        world: World,
        studies: npt.NDArray[np.int64] | None = None,
    ) -> None:
        self._partners = None if studies is None else Partners(studies, train_rows, seed)
        self._sampler = EpochSampler(
            sampler.name, targets[train_rows], seed=seed, epochs=max(epochs, 1), **sampler.settings
        )
        self._rows, self._batch, self._world = train_rows, batch, world
        self._size = len(self._sampler.order())
        if self._size < world.size:
            raise UserError(f"an epoch has {self._size} images for {world.size} processes; start fewer processes.")
        if self._size == 1:
            raise UserError("an epoch has 1 image, and batches of one cannot be normalised; train on two or more.")
        self.epochs, shown = epochs, self._size
        if studies is not None:
            shown = 2 * (self._size // world.size) * world.size
            _require_pairs(batch, world)
        self.per_epoch = max(round(shown / batch + 1e-9), 1)
        self._epoch = -1

    def step(self, epoch: int, step: int) -> Draw:
        """This process's part of a step of an epoch, both from 0."""
        if epoch != self._epoch:
            self._draw(epoch)
        mine = slice(step * self._batch + self._world.rank, (step + 1) * self._batch, self._world.size)
        return Draw(self._order[mine], self._repeats[mine])

    def largest(self) -> int:
        """Rows of the largest batch over all processes."""
        return min(self._batch, self._size if self._partners is None else 2 * self._size)

    def _draw(self, epoch: int) -> None:
        self._sampler.set_epoch(epoch)
        order = np.resize(self._sampler.order(), self._size)  # samplers may draw a few more or less each time
        rows = self._rows[order]
        if self._partners is not None:
            rows = in_turns(rows, self._partners(rows, epoch), self._world.size)
        self._order, self._repeats, self._epoch = rows, earlier(rows), epoch


class Partners:
    """For each drawn row another training row of its study, by chance; itself where the study has no other."""

    def __init__(self, studies: npt.NDArray[np.int64], train_rows: Rows, seed: int) -> None:
        rows = np.unique(train_rows)
        rows = rows[studies[rows] >= 0]
        self._members = rows[np.argsort(studies[rows], kind="stable")]
        self._studies, self._seed = studies, seed
        self._ordered = studies[self._members]

    def __call__(self, rows: Rows, epoch: int) -> Rows:
        """Partners `(N,)` of rows `(N,)` in an epoch."""
        study = self._studies[rows]
        first = np.searchsorted(self._ordered, study, "left")
        others = np.searchsorted(self._ordered, study, "right") - first - 1
        known = (study >= 0) & (others > 0)
        chance = stream(self._seed + _PARTNERS, epoch).random(len(rows))
        picked = first + (chance * np.maximum(others, 1)).astype(np.int64)
        found = self._members[np.where(known, picked, 0)] if len(self._members) else rows
        last = self._members[np.where(known, first + others, 0)] if len(self._members) else rows
        return np.where(known, np.where(found == rows, last, found), rows)


def in_turns(rows: Rows, partners: Rows, processes: int) -> Rows:
    """Rows and partners in an order in which each pair is in one step of one process."""
    whole = len(rows) // processes * processes
    pairs = np.stack([rows[:whole].reshape(-1, processes), partners[:whole].reshape(-1, processes)], axis=1)
    return pairs.reshape(-1)


def _require_pairs(batch: int, world: World) -> None:
    if batch % (2 * world.size):
        raise UserError(
            f"batch_size is {batch}, and a loss reads pairs of a study's images; choose a multiple of {2 * world.size}."
        )


def earlier(rows: Rows) -> Rows:
    """How often each row came before: `[5, 3, 5, 5]` gives `[0, 0, 1, 2]`."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    lengths = np.diff(starts, append=len(rows))
    counts = np.empty(len(rows), dtype=np.int64)
    counts[order] = np.arange(len(rows)) - np.repeat(starts, lengths)
    return counts
