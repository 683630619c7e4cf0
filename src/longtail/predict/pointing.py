"""The pointing game: does a heat map's brightest place lie in a box of the label?

Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016, section 5.1: a hit when the maximum lies in
a box (or within a tolerance beside it, 15 pixels there); the score is hits over all images, here per label too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Box = tuple[float, float, float, float]  # left, top, right, bottom, as fractions of width and height


class Pointing(NamedTuple):
    """Hits and tries; `score` is nan without a try."""

    hits: int
    tries: int

    @property
    def score(self) -> float:
        """The share of hits."""
        return self.hits / self.tries if self.tries else float("nan")


def points_into(heat: Any, boxes: Sequence[Box], tolerance: float = 0.0) -> bool:
    """Whether the brightest cell's centre of a map `(h, w)` lies in a box, or within `tolerance` (a fraction) of one.

    Of equally bright cells the first counts; a map without any contrast points nowhere.
    """
    values = np.asarray(heat, dtype=np.float64)
    if not values.size or not values.max() > values.min():
        return False
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    x, y = (column + 0.5) / values.shape[1], (row + 0.5) / values.shape[0]
    return any(
        left - tolerance <= x <= right + tolerance and top - tolerance <= y <= bottom + tolerance
        for left, top, right, bottom in boxes
    )


def pointing_game(maps: Sequence[Any], boxes: Sequence[Sequence[Box]], tolerance: float = 0.0) -> Pointing:
    """The score over images that have boxes; those without do not count."""
    tried = [points_into(heat, own, tolerance) for heat, own in zip(maps, boxes, strict=True) if own]
    return Pointing(sum(tried), len(tried))
