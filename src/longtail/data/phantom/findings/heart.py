"""Heart, aorta and what stands behind them: cardiomegaly, calcified and tortuous aorta, hiatal hernia."""

import numpy as np

from longtail.data.phantom.findings import also_lateral, finding
from longtail.data.phantom.grid import Array, Grid
from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import Stroke, curve, edge, ellipse, paint


@finding("Cardiomegaly", prevalence=0.22, lasting=0.97, size="0.35 to 0.5", factors={"congestion": 0.7, "age": 0.3})
def cardiomegaly(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A heart wider than half the chest."""
    larger = scene.chest.thorax.heart_mask(scene.grid, rng.uniform(1.33, 1.6))
    return [Change(fill=0.86 * larger, add=0.05 * larger * scene.lung)]


@also_lateral("Cardiomegaly")
def cardiomegaly_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """A heart that fills the space before the spine."""
    larger = scene.chest.heart_mask(rng.uniform(1.33, 1.6))
    return [Change(fill=0.6 * larger, add=0.05 * larger * scene.lung)]


@finding("Calcified Aorta", prevalence=0.018, lasting=1.0, size="0.1 to 0.15", factors={"age": 0.75})
def calcified_aorta(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A bright, broken rim around the arch."""
    start, sweep = rng.uniform(-2.0, -1.5), rng.uniform(2.4, 3.2)
    thorax = scene.chest.thorax
    r = 0.088 * thorax.aorta
    x, y = thorax.knob
    return [Change(add=0.55 * paint(scene.grid, _rim((x, y), (r * 0.95, r * 1.1), start, sweep)))]


def _rim(centre: tuple[float, float], axes: tuple[float, float], start: float, sweep: float) -> list[Stroke]:
    """An arc in three pieces with gaps between them."""
    strokes = []
    for piece in range(3):
        angles = start + sweep * (np.linspace(0, 0.27, 8) + piece / 3)
        points = np.stack([centre[0] + axes[0] * np.cos(angles), centre[1] + axes[1] * np.sin(angles)], axis=1)
        strokes.append(Stroke(points, 0.028, 1.0))
    return strokes


@also_lateral("Calcified Aorta")
def calcified_aorta_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The bright rim on the arch, from the side."""
    start = rng.uniform(-2.0, -1.5) - 1.0
    return [Change(add=0.34 * paint(scene.grid, _rim((0.05, -0.26), (0.15, 0.12), start, 2.6)))]


@finding("Tortuous Aorta", prevalence=0.01, lasting=1.0, size="0.12 x 0.45", factors={"age": 0.7, "congestion": 0.1})
def tortuous_aorta(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """The descending aorta swings out into the left lung; a larger arch above it."""
    swing = rng.uniform(0.25, 0.31)
    thorax = scene.chest.thorax
    x, y = thorax.knob
    line = curve([(x + 0.02, y - 0.04), (x + 0.09, y + 0.1), (swing, 0.06), (x + 0.1, 0.28), (0.06, 0.45)], 40)
    tube = paint(
        scene.grid,
        [Stroke(line, width, value, joined=True) for width, value in ((0.19, 0.5), (0.175, 0.8), (0.15, 1.0))],
    )
    arch = ellipse(scene.grid, (x + 0.015, y - 0.02), (0.13, 0.14), soft=0.02)
    shape = np.maximum(tube, 0.9 * arch)
    return [Change(fill=0.75 * shape, add=0.10 * shape)]


@finding("Hernia", prevalence=0.008, lasting=1.0, size="0.15 to 0.25", factors={"age": 0.4})
def hernia(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Stomach above the diaphragm: a round shadow behind the heart, with air over a flat fluid level."""
    size, level = rng.uniform(0.14, 0.19), rng.uniform(0.0, 0.03)
    centre = (rng.uniform(0.02, 0.1), scene.chest.thorax.base - 0.05)
    return [Change(add=_pouch(scene.grid, centre, size, level, 0.48))]


@also_lateral("Hernia")
def hernia_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The pouch behind the heart, from the side."""
    size, level = rng.uniform(0.14, 0.19), rng.uniform(0.0, 0.03)
    centre = (0.10, scene.chest.dome_at(0.1) - 0.09)
    return [Change(add=_pouch(scene.grid, centre, size, level, 0.34))]


def _pouch(grid: Grid, centre: tuple[float, float], size: float, level: float, depth: float) -> Array:
    """A ball of wall and fluid, `depth` less dense where its air is."""
    outer = ellipse(grid, centre, (size, size * 0.95), soft=0.015)
    inner = ellipse(grid, centre, (size * 0.84, size * 0.79), soft=0.015)
    air = inner * edge(np.float32(centre[1] - level) - grid.y, 0.008)
    return 0.22 * outer - np.float32(depth + 0.1) * air
