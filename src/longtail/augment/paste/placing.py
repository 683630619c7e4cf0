"""Where patches land on a background: own relative place, maybe mirrored or moved, none over another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from longtail.augment.paste.framing import Box, carried_over, content_frame, mirrored, overlaps, shifted, side_of
from longtail.augment.paste.pool import Pool
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.unions import box_of

_TRIES = 8  # patches tried for a companion before the image goes without it
_ONE_SIDED = 0.1  # a finding may be mirrored when at least this share of its boxes lies on the rarer side


@dataclass(frozen=True)
class Placed:
    """A patch of the bank, the box of the background that it fills, and whether it is turned left to right."""

    patch: int
    box: Box
    mirror: bool = False


class Placer:
    """Places patches of a pool, as the settings say."""

    def __init__(self, pool: Pool, settings: PasteSettings) -> None:
        self.pool, self.settings = pool, settings
        self.frame = Frames(pool, settings)
        self._two_sided = _two_sided(pool) if settings.sides == "mirror" else set()

    def place(self, patch: int, background: int, taken: Sequence[Placed], rng: np.random.Generator) -> Placed | None:
        """A patch on a background, or None where it would lie over another or is the background's own."""
        row = int(self.pool.bank.rows[patch])
        if row == background:
            return None
        frame = self.frame(background)
        box = carried_over(box_of(self.pool.bank, patch), self.frame(row), frame)
        mirror = int(self.pool.bank.labels[patch]) in self._two_sided and bool(rng.random() < 0.5)
        box = mirrored(box, frame) if mirror else box
        if self.settings.jitter:
            shift = rng.uniform(-self.settings.jitter, self.settings.jitter, 2)
            box = shifted(box, frame, (shift[0], shift[1]), keep_side=self.settings.sides != "free")
        return None if overlaps(box, [other.box for other in taken]) else Placed(patch, box, mirror)

    def add(
        self, labels: Sequence[int], background: int, placed: list[Placed], rng: np.random.Generator
    ) -> list[Placed]:
        """`placed` and a patch of each label that finds room."""
        view = int(self.pool.views[background])
        placed = list(placed)
        for label in labels:
            choices = self.pool.patches_of(label, view)
            tries = rng.permutation(choices)[:_TRIES] if len(choices) <= 64 else rng.choice(choices, _TRIES)
            found = (self.place(int(patch), background, placed, rng) for patch in tries)
            if (first := next((one for one in found if one), None)) is not None:
                placed.append(first)
        return placed


class Frames:
    """What a place is relative to: an image's frame, or its content within that (kept once found)."""

    def __init__(self, pool: Pool, settings: PasteSettings) -> None:
        self.pool, self.content = pool, settings.match_size == "content"
        self._known: dict[int, Box] = {}

    def __call__(self, row: int) -> Box:
        """The frame of a row's image."""
        if not self.content:
            return _as_box(self.pool, row)
        if row not in self._known:
            self._known[row] = content_frame(self.pool.pixels(row), _as_box(self.pool, row))
        return self._known[row]


def _as_box(pool: Pool, row: int) -> Box:
    left, top, right, bottom = pool.bank.frames[row].tolist()
    return left, top, right, bottom


def _two_sided(pool: Pool) -> set[int]:
    """The labels whose boxes lie on either side and seldom across the middle: a heart is not mirrored."""
    found = set()
    for label in np.unique(pool.bank.labels):
        patches = np.flatnonzero(pool.bank.labels == label)
        sides = np.array([side_of(box_of(pool.bank, int(p)), _as_box(pool, int(pool.bank.rows[p]))) for p in patches])
        shares = [(sides == side).mean() for side in (-1, 1)]
        if min(shares) >= _ONE_SIDED and sum(shares) >= 0.5:
            found.add(int(label))
    return found
