"""A film being drawn, as attenuation: findings change it pixel by pixel and leave a box around what they changed.

Attenuation (how much tissue the rays crossed) adds up along a ray and its logarithm is what a film shows, so structures
are summed here and only `render` turns the sum into grey.
"""

from dataclasses import dataclass

import numpy as np

from longtail.data.phantom.grid import Array, Grid
from longtail.data.phantom.people import View
from longtail.data.phantom.thorax import Chest

Box = tuple[int, int, int, int]


@dataclass
class Scene:
    """What is on the film so far; every array `(S, S)` float32."""

    grid: Grid
    view: View
    density: Array  # attenuation: 0 outside the body, about 0.3 in the lungs, 1 in the mediastinum
    air: Array  # how much of it the lungs' air takes away: what fluid can fill
    lung: Array  # the lung fields, 0 to 1
    vessels: Array  # what vessels add to the density


@dataclass
class FrontalScene(Scene):
    """A frontal film, with the outlines that findings are placed by."""

    chest: Chest


@dataclass(frozen=True)
class Change:
    """One visible piece of a finding: air that is filled, and attenuation that is added or (negative) removed."""

    fill: Array | None = None  # the share of the air that becomes water-dense, 0 to 1
    add: Array | None = None


def apply(scene: Scene, change: Change) -> Array:
    """Draw a change; returns the difference it made, `(S, S)`."""
    difference = np.zeros_like(scene.density)
    if change.fill is not None:
        difference += scene.air * change.fill
        scene.air = scene.air - difference
    if change.add is not None:
        difference += change.add
    np.maximum(difference, -scene.density, out=difference)  # nothing is thinner than air
    scene.density = scene.density + difference
    return difference


def box_around(difference: Array, tail: float = 0.01) -> Box | None:
    """The box (left, top, right, bottom) with all but `tail` of the squared change on each side; None if none."""
    energy = difference.astype(np.float64) ** 2
    if energy.max(initial=0) < 1e-6:
        return None
    left, right = _span(energy.sum(axis=0), tail)
    top, bottom = _span(energy.sum(axis=1), tail)
    return left, top, right, bottom


def _span(weights: "np.ndarray[tuple[int], np.dtype[np.float64]]", tail: float) -> tuple[int, int]:
    share = np.cumsum(weights) / weights.sum()
    return int(np.searchsorted(share, tail)), int(np.searchsorted(share, 1 - tail)) + 1
