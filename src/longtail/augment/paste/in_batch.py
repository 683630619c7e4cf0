"""Pasting while training: some images of a uint8 batch become pasted ones, anew in each epoch.

Companions are drawn from a pilot plan made once, so label correlations are kept as offline, on average, while what an
image gets depends on nothing but (seed, epoch, row, repeat): any batch, order or number of processes gives the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.bank import Ints
from longtail.augment.paste.placing import Placed
from longtail.augment.paste.planning import Planner, Way
from longtail.augment.paste.pool import Pool
from longtail.augment.paste.rendering import lay_over
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.row_chances import chances
from longtail.errors import UserError

Labels = tuple[int, ...]


class Pasted(NamedTuple):
    """A batch with pasted images: `pixels` `(B, H, W, C)`, `targets` as they came, patches of each image."""

    pixels: npt.NDArray[np.uint8]
    targets: npt.NDArray[Any]
    placed: list[tuple[Placed, ...]]


def check_often(probability: float = 0.5, pilot: int = 1000) -> None:
    """Refuse how often `PasteInBatch` can't paste."""
    if not 0 <= probability <= 1:
        raise UserError(f"'probability' of pasting in the batch is {probability:g}; valid is 0 to 1.")
    if pilot < 1:
        raise UserError(f"'pilot' of pasting in the batch is {pilot}; valid is 1 or more images.")


class PasteInBatch:
    """Pastes onto normal images and into images with tail findings, each with `probability`; the rest stay."""

    def __init__(
        self, pool: Pool, settings: PasteSettings | None = None, *, probability: float = 0.5, pilot: int = 1000
    ) -> None:
        check_often(probability, pilot)
        self.pool, self.settings, self.probability = pool, settings or PasteSettings(), probability
        self._planner = Planner(pool, self.settings)
        self._ways = self._ways_of_rows()
        self._normal, self._tail = self._piloted(pilot)

    def __call__(
        self,
        pixels: npt.NDArray[np.uint8],
        targets: npt.NDArray[Any],
        rows: npt.NDArray[np.int64] | Sequence[int],
        epoch: int,
        repeats: npt.NDArray[np.int64] | None = None,
    ) -> Pasted:
        """Copies of images `(B, H, W, C)` of the manifest's `rows` with patches, and their targets."""
        rows = np.asarray(rows, dtype=np.int64)
        placed = self.placed(rows, epoch, repeats)
        return Pasted(self._laid(pixels, rows, placed), self._labelled(targets, rows, placed), placed)

    def pixels(
        self, pixels: npt.NDArray[np.uint8], rows: Ints, epoch: int, repeats: Ints | None = None
    ) -> npt.NDArray[np.uint8]:
        """The images alone; what is drawn for a row is the same whenever it is asked for."""
        return self._laid(pixels, rows, self.placed(rows, epoch, repeats))

    def targets(
        self, targets: npt.NDArray[Any], rows: Ints, epoch: int, repeats: Ints | None = None
    ) -> npt.NDArray[Any]:
        """The targets alone."""
        return self._labelled(targets, rows, self.placed(rows, epoch, repeats))

    def placed(self, rows: Ints, epoch: int, repeats: Ints | None = None) -> list[tuple[Placed, ...]]:
        """The patches of each row in an epoch, none for those that stay."""
        chosen = chances(self.settings.seed, epoch, rows, "paste", 1, repeats)[:, 0] < self.probability
        found: list[tuple[Placed, ...]] = [()] * len(rows)
        for i in np.flatnonzero(chosen):
            row, again = int(rows[i]), 0 if repeats is None else int(repeats[i])
            if way := self._ways.get(row):
                found[i] = tuple(self._draw(way, row, (self.settings.seed, epoch, row, again)))
        return found

    def _laid(
        self, pixels: npt.NDArray[np.uint8], rows: Ints, placed: list[tuple[Placed, ...]]
    ) -> npt.NDArray[np.uint8]:
        self._check(pixels, rows)
        images = np.array(pixels)
        for image, row, patches in zip(images, rows.tolist(), placed, strict=True):
            if patches:
                lay_over(image, self.pool, self.settings, self._ways[row], patches)
        return images

    def _labelled(self, targets: npt.NDArray[Any], rows: Ints, placed: list[tuple[Placed, ...]]) -> npt.NDArray[Any]:
        found = np.array(targets)
        for i in (i for i, patches in enumerate(placed) if patches):
            states = self._planner.states(int(rows[i]), placed[i])
            found[i] = (states == 1).argmax() if found.ndim == 1 else states
        return found

    def _draw(self, way: Way, row: int, seeds: Sequence[int]) -> list[Placed]:
        rng = np.random.Generator(np.random.SFC64(list(seeds)))
        view = int(self.pool.views[row])
        if way == "normal":
            sets = self._normal.get(view, [])
            labels = sets[rng.integers(len(sets))] if sets else ()
        else:
            own = [label for label in self.pool.tail if (label, view) in self._tail]
            own = [label for label in own if self.pool.states[row, label] == 1]
            choices = self._tail[own[rng.integers(len(own))], view] if own else []
            choices = [other for other in choices if self.pool.single or self.pool.states[row, other] != 1]
            labels = (choices[rng.integers(len(choices))],) if choices else ()
        return self._planner.placer.add(labels, row, [], rng)

    def _ways_of_rows(self) -> dict[int, Way]:
        """Which way a row's image is a background for, if any."""
        found: dict[int, Way] = {}
        for way, rows in (("tail", self._having_tail()), ("normal", self._normals())):
            found |= dict.fromkeys(rows.tolist(), way)
        return found

    def _having_tail(self) -> Ints:
        views = self._planner.pool.anchors("tail") if self.settings.on_tail else []
        rows = [self.pool.having[anchor] for anchor in views]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, dtype=np.int64)

    def _normals(self) -> Ints:
        views = {view for _, view in self.pool.anchors("normal")} if self.settings.on_normal else set()
        rows = [self.pool.normals[view] for view in sorted(views)]
        return np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)

    def _piloted(self, pilot: int) -> tuple[dict[int, list[Labels]], dict[tuple[int, int], list[int]]]:
        """Label sets by view for normal images; labels to blend by tail label and view."""
        rng = np.random.default_rng(self.settings.seed)
        normal: dict[int, list[Labels]] = {}
        tail: dict[tuple[int, int], list[int]] = {}
        total = self.settings.on_normal + self.settings.on_tail
        for number in rng.permutation(pilot):
            paste = self._planner.next("normal" if number * total < self.settings.on_normal * pilot else "tail", rng)
            labels = [int(self.pool.bank.labels[one.patch]) for one in paste.placed]
            view = int(self.pool.views[paste.background])
            if paste.way == "normal":
                normal.setdefault(view, []).append(tuple(labels))
            else:
                tail.setdefault((paste.label, view), []).extend(labels)
        return normal, tail

    def _check(self, pixels: npt.NDArray[np.uint8], rows: Ints) -> None:
        shape = self.pool.prepared.key.shape
        if pixels.dtype != np.uint8 or pixels.shape != (len(rows), *shape):
            raise UserError(
                f"the pixels to paste on are {pixels.dtype} of shape {pixels.shape}; give uint8"
                f" {(len(rows), *shape)}, as prepared for the pool: paste before images are resized."
            )
