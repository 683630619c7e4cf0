"""What shall happen to each image of a batch, drawn before any is touched: its map, the settings of pixel steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from longtail.augment.affine import identity, resizing
from longtail.augment.building import AnyStep
from longtail.augment.row_chances import Floats, chances
from longtail.augment.step import GeometricStep, PixelStep, Size, Step


@dataclass(frozen=True)
class Work:
    """A pixel step, the images that get it `(B,)`, and their settings `(B, P)`."""

    step: PixelStep
    active: npt.NDArray[np.bool_]
    settings: Floats


@dataclass(frozen=True)
class Plan:
    """A batch's maps `(B, 3, 3)` from new places to old, the new size, and the pixel steps in their order."""

    matrices: Floats
    old: Size
    size: Size
    work: tuple[Work, ...]


def draw(
    steps: Mapping[str, AnyStep],
    seed: int,
    epoch: int,
    rows: npt.NDArray[np.int64],
    old: Size,
    size: Size,
    repeats: npt.NDArray[np.int64] | None = None,
) -> Plan:
    """Draw everything for images of the manifest's `rows`, of size `old`, that shall become `size`."""
    maps, work = [], []
    for name, step in steps.items():
        if not isinstance(step, Step):
            continue
        chance = chances(seed, epoch, rows, name, step.draws + 1, repeats)
        active, chance = chance[:, 0] < step.probability, chance[:, 1:]
        if isinstance(step, GeometricStep):
            maps.append(np.where(active[:, None, None], step.matrices(chance, old), np.eye(3)))
        if isinstance(step, PixelStep):
            work.append(Work(step, active, step.settings(chance, size)))
    if size != old:
        maps.append(resizing(old, size))
    # The first step moves first: a new place goes through the last map, then through those before it.
    return Plan(reduce(np.matmul, maps, identity(len(rows))), old, size, tuple(work))
