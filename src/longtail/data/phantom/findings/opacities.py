"""What fills the lungs' air: patchy opacity, consolidation, atelectasis, oedema, nodule and mass."""

import numpy as np

from longtail.data.phantom.findings import also_lateral, finding
from longtail.data.phantom.grid import Array, Grid
from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import Stroke, ball, clouds, curve, edge, ellipse_radius, paint


def _side(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1


def _haze(grid: Grid, centre: tuple[float, float], axes: tuple[float, float], rng: np.random.Generator) -> Array:
    """A ragged cloud: an ellipse whose rim is eaten by noise."""
    r = ellipse_radius(grid, centre, axes) + 0.28 * clouds(rng, grid.size, 11)
    return edge(np.float32(0.85) - r, 0.45)


@finding("Lung Opacity", prevalence=0.35, lasting=0.35, size="0.15 to 0.3", factors={"infection": 0.6, "illness": 0.35})
def lung_opacity(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """One or two ill-defined grey patches in a lung, through which vessels still show."""
    height, size = rng.uniform(-0.3, 0.2), rng.uniform(0.15, 0.24)
    side = _side(rng)
    places = [(side, height)] + ([(_side(rng), rng.uniform(-0.3, 0.2))] if rng.random() < 0.35 else [])
    strength = rng.uniform(0.36, 0.55)
    changes = []
    for where, y in places:
        x = where * rng.uniform(0.42, 0.66) * scene.chest.thorax.wall_at(y)
        fill = strength * _haze(scene.grid, (x, y), (size * 0.85, size), rng) * scene.lung
        changes.append(Change(fill=fill, add=0.04 * fill))
    return changes


@also_lateral("Lung Opacity")
def lung_opacity_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The first patch, from the side."""
    height, size = rng.uniform(-0.3, 0.2), rng.uniform(0.15, 0.24)
    x = rng.uniform(-0.15, 0.25)
    return [Change(fill=rng.uniform(0.34, 0.48) * _haze(scene.grid, (x, height), (size, size), rng) * scene.lung)]


@finding("Consolidation", prevalence=0.08, lasting=0.35, size="0.2 to 0.4", factors={"infection": 0.65, "illness": 0.3})
def consolidation(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A dense lobe with a straight fissure for an upper or lower border, and branching air in it."""
    upper, size = rng.random() < 0.4, rng.uniform(0.22, 0.3)
    side = _side(rng)
    grid, thorax = scene.grid, scene.chest.thorax
    fissure = -0.12 + 0.04 * size + 0.12 * (grid.x * side - np.float32(0.4))
    half = edge((fissure - grid.y) * (1 if upper else -1), 0.015)
    centre = (side * 0.37, -0.32 if upper else min(0.12, thorax.base - 0.18))
    lobe = half * edge(1.15 - ellipse_radius(grid, centre, (0.36, size + 0.12)), 0.35) * edge(side * grid.x, 0.02)
    air = paint(grid, _air_tubes(thorax.hilum(side), side, -1 if upper else 1, rng))
    return [Change(fill=0.86 * lobe * scene.lung * (1 - 0.4 * air), add=0.03 * lobe * scene.lung)]


def _air_tubes(root: tuple[float, float], side: int, way: int, rng: np.random.Generator) -> list[Stroke]:
    """Bronchi that stay open in a filled lobe: dark branches from the hilum."""
    tubes = []
    for angle in rng.uniform(0.05, 1.2, 4):
        tip = (root[0] + side * 0.3 * np.cos(angle), root[1] + way * 0.3 * np.sin(angle))
        bend = (root[0] + side * 0.17 * np.cos(angle * 0.8), root[1] + way * 0.14 * np.sin(angle * 0.8))
        tubes.append(Stroke(np.array([root, bend, tip]), 0.014, 1.0))
    return tubes


@also_lateral("Consolidation")
def consolidation_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The dense lobe from the side: upper in front, lower behind, cut by the slanting fissure."""
    upper, size = rng.random() < 0.4, rng.uniform(0.22, 0.3)
    grid = scene.grid
    fissure = edge((grid.y + 0.05 - 0.55 * (grid.x - np.float32(0.02))) * (-1 if upper else 1), 0.02)
    centre = (-0.15, -0.3) if upper else (0.26, 0.12)
    lobe = fissure * edge(1.1 - ellipse_radius(grid, centre, (size, size + 0.08)), 0.3)
    return [Change(fill=0.7 * lobe * scene.lung)]


@finding("Atelectasis", prevalence=0.2, lasting=0.45, size="0.2 x 0.05", factors={"illness": 0.45, "fluid": 0.5})
def atelectasis(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Plates of collapsed lung: two to four bright bands over one dome."""
    drop = rng.uniform(0.04, 0.1)
    side = _side(rng)
    thorax = scene.chest.thorax
    strokes = []
    for number in range(int(rng.integers(2, 5))):
        inner, outer = rng.uniform(0.16, 0.26), rng.uniform(0.46, 0.58)
        y = thorax.dome_at(side * 0.36) - drop - 0.062 * number
        slant = rng.uniform(-0.03, 0.06)
        line = curve([(side * inner, y), (side * 0.38, y - 0.015 + slant * 0.4), (side * outer, y + slant)])
        strokes.append(Stroke(line, rng.uniform(0.026, 0.042), rng.uniform(0.7, 0.95)))
    bands = paint(scene.grid, strokes) * scene.lung
    return [Change(fill=0.2 * bands, add=0.2 * bands)]


@also_lateral("Atelectasis")
def atelectasis_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The plates from the side, low in the lung."""
    drop = rng.uniform(0.04, 0.1)
    strokes = []
    for number in range(3):
        x = rng.uniform(-0.02, 0.1)
        y = scene.chest.dome_at(x) - drop - 0.065 * number
        line = curve([(x - 0.16, y - 0.03), (x, y - 0.02), (x + 0.16, y + 0.05)])
        strokes.append(Stroke(line, rng.uniform(0.022, 0.034), 1.0))
    bands = paint(scene.grid, strokes) * scene.lung
    return [Change(fill=0.25 * bands, add=0.16 * bands)]


@finding("Edema", prevalence=0.11, lasting=0.3, size="0.35 to 0.5", factors={"congestion": 0.75, "illness": 0.3})
def edema(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A bat's wings: haze around both hila, thick vessels, fine lines at the outer bases."""
    strength = rng.uniform(0.42, 0.6)
    grid, thorax = scene.grid, scene.chest.thorax
    lines = paint(grid, [line for side in (-1, 1) for line in _septal_lines(scene, side, rng)])
    changes = []
    for side in (-1, 1):
        x, y = thorax.hilum(side)
        half = edge(side * grid.x, 0.01) * scene.lung
        wing = _haze(grid, (x + side * 0.12, y + 0.1), (0.3, 0.36), rng)
        changes.append(Change(fill=strength * wing * half, add=(0.5 * scene.vessels + 0.13 * lines) * half))
    return changes


def _septal_lines(scene: FrontalScene, side: int, rng: np.random.Generator) -> list[Stroke]:
    strokes = []
    for y in np.arange(scene.chest.thorax.base - 0.3, scene.chest.thorax.base + 0.02, 0.042):
        x = side * (scene.chest.thorax.wall_at(float(y)) - 0.02)
        strokes.append(Stroke(np.array([(x, y), (x - side * rng.uniform(0.07, 0.12), y - 0.01)]), 0.011, 1.0))
    return strokes


@also_lateral("Edema")
def edema_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """Haze around the hila, and thick vessels."""
    strength = rng.uniform(0.42, 0.6)
    x, y = scene.chest.hilum
    wing = _haze(scene.grid, (x, y + 0.08), (0.36, 0.4), rng) * scene.lung
    return [Change(fill=0.85 * strength * wing, add=0.6 * scene.vessels * wing)]


@finding("Nodule", prevalence=0.055, lasting=0.97, size="0.04 to 0.065", factors={"tumour": 0.55, "age": 0.2})
def nodule(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A small round spot, at a place where nothing dense lies before it."""
    return [_round_lesion(scene, rng, radius=(0.042, 0.062), density=(0.34, 0.46))]


@finding("Mass", prevalence=0.013, lasting=0.97, size="0.1 to 0.16", factors={"tumour": 0.55, "age": 0.25})
def mass(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A large, lobed, dense ball."""
    return [_round_lesion(scene, rng, radius=(0.10, 0.155), density=(0.46, 0.6))]


def _round_lesion(
    scene: FrontalScene, rng: np.random.Generator, radius: tuple[float, float], density: tuple[float, float]
) -> Change:
    y, r, dense = rng.uniform(-0.42, 0.2), rng.uniform(*radius), rng.uniform(*density)
    x = _side(rng) * rng.uniform(0.5, 0.74) * scene.chest.thorax.wall_at(y)
    return Change(add=dense * _lobes(scene.grid, (x, y), r, rng) * (0.25 + 0.75 * scene.lung))


def _lobes(grid: Grid, centre: tuple[float, float], radius: float, rng: np.random.Generator) -> Array:
    """A ball with two smaller ones on it: round, but not a circle."""
    shape = ball(grid, centre, radius)
    for angle in rng.uniform(0, 2 * np.pi, 2):
        bud = (centre[0] + 0.5 * radius * np.cos(angle), centre[1] + 0.5 * radius * np.sin(angle))
        shape = np.maximum(shape, 0.9 * ball(grid, bud, 0.7 * radius))
    return shape


@also_lateral("Nodule")
def nodule_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The spot from the side, at the same height."""
    return [_round_lesion_lateral(scene, rng, (0.042, 0.062), (0.34, 0.46))]


@also_lateral("Mass")
def mass_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The ball from the side, at the same height."""
    return [_round_lesion_lateral(scene, rng, (0.10, 0.155), (0.46, 0.6))]


def _round_lesion_lateral(
    scene: SideScene, rng: np.random.Generator, radius: tuple[float, float], density: tuple[float, float]
) -> Change:
    y, r, dense = rng.uniform(-0.42, 0.2), rng.uniform(*radius), rng.uniform(*density)
    x = rng.uniform(-0.2, 0.02) if y < -0.1 else rng.uniform(0.02, 0.2)
    return Change(add=dense * _lobes(scene.grid, (x, y), r, rng) * (0.25 + 0.75 * scene.lung))
