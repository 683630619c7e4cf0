"""Draws for heads that read studies: each drawn row comes with further images of its study, which are only read.

A sampler draws rows as ever, so balancing keeps its meaning: the drawn row is the one whose targets count, the others
stand beside it. An image that two draws of a step show comes twice, each time in a group of its own.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.running.processes import World
from longtail.sampling.drawing import stream
from longtail.stages.draws import Draw, Draws
from longtail.stages.job import Rows

_COMPANIONS = 3_000_017  # added to the seed: draws unrelated to the sampler's


class StudyDraws(NamedTuple):
    """The rows of every step with their studies, where `inner` draws the rows that count."""

    inner: Draws
    companions: "Companions"

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return self.inner.per_epoch

    @property
    def epochs(self) -> int:
        """Epochs that were asked for."""
        return self.inner.epochs

    def step(self, epoch: int, step: int) -> Draw:
        """This process's part of a step: rows of one study after another."""
        drawn = self.inner.step(epoch, step)
        shown = self.companions(drawn.rows, epoch)
        there = shown >= 0
        group = np.nonzero(there)[0].astype(np.int64)
        counts = np.zeros_like(there)
        counts[:, 0] = True
        return Draw(shown[there], drawn.repeats[group], group, counts[there])

    def largest(self) -> int:
        """Rows of the largest batch over all processes."""
        return self.inner.largest() * self.companions.images


class Companions:
    """For each row up to `images - 1` others of its study among the training rows, others each epoch where more."""

    def __init__(self, studies: npt.NDArray[np.int64], train_rows: Rows, images: int, seed: int) -> None:
        rows = np.unique(train_rows)
        rows = rows[studies[rows] >= 0]
        self._members = rows[np.argsort(studies[rows], kind="stable")]
        self._ordered, self._studies = studies[self._members], studies
        self.images, self._seed = images, seed

    def __call__(self, rows: Rows, epoch: int) -> npt.NDArray[np.int64]:
        """`(N, images)`: each row, then its companions, then -1."""
        study = self._studies[rows]
        first = np.searchsorted(self._ordered, study, "left")
        size = np.where(study >= 0, np.searchsorted(self._ordered, study, "right") - first, 0)
        others = np.maximum(size - 1, 0)
        place = self._place(rows, first)
        turn = (stream(self._seed + _COMPANIONS, epoch).random(len(self._studies))[rows] * others).astype(np.int64)
        steps = np.arange(self.images - 1)
        ahead = 1 + (turn[:, None] + steps) % np.maximum(others, 1)[:, None]
        index = first[:, None] + (place[:, None] + ahead) % np.maximum(size, 1)[:, None]
        known = steps < others[:, None]
        members = self._members if len(self._members) else np.zeros(1, dtype=np.int64)
        found = np.where(known, members[np.where(known, index, 0)], -1)
        return np.concatenate([rows[:, None], found], axis=1)

    def _place(self, rows: Rows, first: Rows) -> Rows:
        """Where each row stands in its study."""
        place = np.zeros(len(self._studies), dtype=np.int64)
        place[self._members] = np.arange(len(self._members))
        return np.asarray(place[rows] - np.where(self._studies[rows] >= 0, first, 0))


def drawn_studies(batch: int, images: int, world: World) -> int:
    """How many rows a step draws, so that with their studies they are at most `batch`."""
    if batch < images * world.size:
        raise UserError(
            f"batch_size is {batch}, and the head reads {images} images of each study; choose {images * world.size} or"
            " more."
        )
    return batch // (images * world.size) * world.size


def whole_studies(studies: npt.NDArray[np.int64], size: int) -> list[npt.NDArray[np.int64]]:
    """Places `(N,)` of images in pieces of about `size` that no study is torn by; -1 is no study."""
    alone = -1 - np.arange(len(studies))
    numbers = np.where(studies < 0, alone, studies)
    order = np.argsort(numbers, kind="stable").astype(np.int64)
    if not len(order):
        return []
    starts = np.flatnonzero(np.diff(numbers[order], prepend=np.iinfo(np.int64).min))
    pieces, begun = [], 0
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        if end - begun > size and start > begun:
            pieces.append(order[begun:start])
            begun = start
    return [*pieces, order[begun:]]
