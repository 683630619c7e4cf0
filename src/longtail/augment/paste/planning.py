"""The plan of all images to make, drawn before any pixel is touched: the same inputs give the same plan.

First way of the paper: patches of a tail finding and of companions on a normal image. Second: a patch of another
finding blended into an image that has a tail finding. The ways come in a random order, as each image counts in the
correlation matrix that the next ones keep.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from longtail.augment.paste.companions import CompanionDraws
from longtail.augment.paste.keeping import CorrelationKeeper
from longtail.augment.paste.placing import Placed, Placer
from longtail.augment.paste.pool import Pool
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.unions import States, union_states
from longtail.errors import UserError

Way = Literal["normal", "tail"]
_TRIES = 50


@dataclass(frozen=True, eq=False)
class Paste:
    """One image to make: what is pasted where on which row's image, and its states `(C,)`."""

    way: Way
    label: int  # the tail label that it is made for
    background: int
    placed: tuple[Placed, ...]
    states: States


class Planner:
    """Draws pastes one by one; keeps the correlation of all rows and pastes so far."""

    def __init__(self, pool: Pool, settings: PasteSettings) -> None:
        self.pool, self.settings = pool, settings
        self.placer, self.companions = Placer(pool, settings), CompanionDraws(pool, settings)
        self.keeper = CorrelationKeeper(pool.states[pool.rows])
        self._anchors = {way: _by_label(pool.anchors(way)) for way in ("normal", "tail")}
        counts = (pool.states[pool.rows] == 1).sum(axis=0)
        self._weights = np.ones(len(counts)) if settings.choose == "evenly" else 1 / np.maximum(counts, 1)

    def next(self, way: Way, rng: np.random.Generator) -> Paste:
        """Plan one more image of a way."""
        draw: Callable[[int, np.random.Generator], Paste | None] = self._normal if way == "normal" else self._tail
        for _ in range(_TRIES):
            if (found := draw(self._anchor(way, rng), rng)) is not None:
                self.keeper.add(found.states)
                return found
        raise UserError(
            f"no patch fits on an image of the way on_{way}: {_TRIES} draws in a row found none; add boxes of other"
            f" images, or set on_{way} to 0."
        )

    def states(self, background: int, placed: Sequence[Placed]) -> States:
        """What a background `(C,)` shows with patches."""
        shown = self.pool.shown[[one.patch for one in placed]]
        return union_states(self.pool.states[background], shown, self.pool.normal)

    def _paste(self, way: Way, label: int, background: int, placed: list[Placed]) -> Paste:
        return Paste(way, label, background, tuple(placed), self.states(background, placed))

    def _anchor(self, way: Way, rng: np.random.Generator) -> int:
        labels = list(self._anchors[way])
        weights = self._weights[labels]
        return labels[int(np.searchsorted(weights.cumsum(), rng.random() * weights.sum(), side="right"))]

    def _normal(self, label: int, rng: np.random.Generator) -> Paste | None:
        views = self._anchors["normal"][label]
        choices = np.concatenate([self.pool.patches_of(label, view) for view in views])
        patch = int(choices[rng.integers(len(choices))])
        view = int(self.pool.views[self.pool.bank.rows[patch]])
        normals = self.pool.normals[view]
        background = int(normals[rng.integers(len(normals))])
        first = self.placer.place(patch, background, (), rng)
        if first is None:
            return None
        sets = self.companions.sets(label, view, rng)
        alone = self.states(background, [first])
        chosen = sets[self.keeper.nearest(_with_labels(alone, sets))]
        wanted = [other for other in chosen if alone[other] != 1]
        return self._paste("normal", label, background, self.placer.add(wanted, background, [first], rng))

    def _tail(self, label: int, rng: np.random.Generator) -> Paste | None:
        views = self._anchors["tail"][label]
        sizes = np.array([len(self.pool.having[label, view]) for view in views])
        view = views[int(np.searchsorted(sizes.cumsum(), rng.integers(sizes.sum()), side="right"))]
        pairs = self.companions.partners(label, view, self.pool.having[label, view], rng)
        if not pairs:
            return None
        with_one = [_with_labels(self.pool.states[row], [(other,)])[0] for row, other in pairs]
        row, other = pairs[self.keeper.nearest(np.stack(with_one))]
        placed = self.placer.add([other], row, [], rng)
        return self._paste("tail", label, row, placed) if placed else None


def plan_pastes(pool: Pool, settings: PasteSettings) -> Iterator[Paste]:
    """All images of the settings, one after the other."""
    planner, rng = Planner(pool, settings), np.random.default_rng(settings.seed)
    is_tail = rng.permutation(np.arange(settings.on_normal + settings.on_tail) >= settings.on_normal)
    for tail in is_tail:
        yield planner.next("tail" if tail else "normal", rng)


def _with_labels(states: States, sets: list[tuple[int, ...]]) -> States:
    """`(C,)` states with each set of labels added, `(K, C)`."""
    found = np.repeat(states[None], len(sets), axis=0)
    for row, labels in zip(found, sets, strict=True):
        row[list(labels)] = 1
    return found


def _by_label(anchors: list[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for label, view in anchors:
        found.setdefault(label, []).append(view)
    return found
