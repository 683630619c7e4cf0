"""The normal frontal chest, drawn: soft tissue, lungs with vessels, heart, spine, ribs, shoulders."""

import numpy as np
import numpy.typing as npt

from longtail.data.phantom.grid import Array, Grid, Strip, single
from longtail.data.phantom.people import Patient, Shot
from longtail.data.phantom.scene import FrontalScene
from longtail.data.phantom.shapes import Stroke, clouds, curve, edge, ellipse, paint
from longtail.data.phantom.thorax import RIBS, Chest, Thorax

AIR = 0.80  # the share of the soft tissue's attenuation that a lung's depth takes away


def draw_frontal(grid: Grid, thorax: Thorax, patient: Patient, shot: Shot, rng: np.random.Generator) -> FrontalScene:
    """A chest without findings; `rng` draws the vessels and the texture, which are a patient's own."""
    chest = Chest(grid, thorax)
    tissue = _tissue(grid, thorax, patient)
    lung = _lung_fields(chest)
    clear = lung * (1 - 0.88 * chest.middle)
    air = AIR * tissue * clear * _depth(chest)
    texture = 0.025 * clouds(rng, grid.size, 9) * tissue
    vessels = _vessels(grid, thorax, rng) * (0.35 * lung + 0.65 * clear)
    density = tissue - air + vessels + 0.07 * (lung - clear)
    density += _ribs(chest)
    density += _shoulders(grid, thorax, shot)
    density += texture
    _draw_midline(density, grid, thorax)
    density -= _stomach(chest, patient)
    return FrontalScene(grid, shot.view, np.maximum(density, 0), single(air), lung, single(vessels), chest)


def _tissue(grid: Grid, thorax: Thorax, patient: Patient) -> Array:
    """The body without its lungs: neck, sloping shoulders, chest wall, belly; thinner towards its sides."""
    across, y = np.abs(grid.x), grid.level
    side = thorax.width + 0.075 + 0.13 * patient.build
    arms = edge(np.float32(-0.30) - y, 0.22)
    outline = side + 0.55 * arms + 0.06 * np.maximum(y, 0)
    top = np.float32(-0.99) + np.float32(0.30) * np.clip(across - np.float32(0.12), 0, 1) - 0.05 * patient.build
    body = edge(outline - across, 0.03) * np.maximum(edge(grid.y - top, 0.04), edge(np.float32(0.19) - across, 0.03))
    round_off = np.sqrt(np.clip(1 - np.square(across / outline), 0, 1))
    thick = (0.34 + 0.62 * round_off) * (1 + 0.16 * patient.build)
    thick = thick * (1 + 0.10 * edge(y - np.float32(0.35), 0.35) - 0.16 * edge(np.float32(-0.45) - y, 0.3))
    if patient.breast:
        thick = thick + _breasts(grid, thorax, patient)
    return np.asarray(body * thick, dtype=np.float32)


def _breasts(grid: Grid, thorax: Thorax, patient: Patient) -> Array:
    total = np.zeros_like(grid.x)
    for side in (-1, 1):
        size = 0.27 + 0.08 * patient.breast
        shape = ellipse(grid, (side * 0.43, thorax.base - 0.13 + 0.02 * side), (size, size * 0.95), soft=0.1)
        low = edge(grid.level - np.float32(thorax.base - 0.34), 0.2)  # the upper border fades into the chest
        total += (0.07 + 0.09 * patient.breast) * shape * low
    return total


def _lung_fields(chest: Chest) -> Array:
    thorax, grid = chest.thorax, chest.grid
    off = np.abs(grid.x - np.float32(thorax.shift * 0.5))
    inward = np.maximum(np.float32(0.30) - off, 0)  # each lung's top is round on its inner side too
    top = np.float32(thorax.apex) + np.float32(1.9) * inward * inward
    behind = edge(np.float32(0.2) - chest.below, 0.12)  # lung runs down behind the domes
    return edge(chest.wall - off, 0.012) * (0.06 + 0.94 * edge(-chest.below, 0.012)) * edge(grid.y - top, 0.03) * behind


def _depth(chest: Chest) -> Array:
    """How deep the lung is along the ray: less near the wall and at the apex."""
    u = np.minimum(chest.side, 1)
    bulge = np.sqrt(1 - 0.75 * u * u)
    return (0.62 + 0.38 * bulge) * (1 - 0.22 * edge(np.float32(chest.thorax.apex + 0.2) - chest.grid.level, 0.25))


def _draw_midline(density: Array, grid: Grid, thorax: Thorax) -> None:
    """Spine and windpipe, computed in the film's middle columns only."""
    strip = grid.strip(0.16)
    density[strip.window] += _spine(strip, thorax)
    x = strip.x - np.float32(thorax.shift + 0.008)
    density[strip.window] -= 0.17 * edge(0.032 - np.abs(x), 0.012) * edge(np.float32(-0.17) - grid.level, 0.03)
    for side in (-1, 1):  # the main bronchi
        density -= 0.07 * ellipse(
            grid, (thorax.shift + side * 0.07, -0.125), (0.1, 0.022), tilt=side * 0.75, soft=0.012
        )


def _spine(strip: Strip, thorax: Thorax) -> Array:
    off = np.abs(strip.x - thorax.axis(strip.y))
    phase = strip.y * np.float32(1 / 0.135)
    phase -= np.floor(phase)
    disc = edge(np.float32(0.13) - np.abs(phase - np.float32(0.5)), 0.08)
    body = edge(0.078 - off, 0.015)
    rim = body - edge(0.062 - off, 0.012)
    pedicle = np.sqrt(np.square(9 * off - np.float32(0.43)) + np.square(phase - np.float32(0.12)))
    process = edge(np.float32(0.017) - off, 0.012) * (phase > 0.7)
    return single(
        0.13 * body * (1 - 0.45 * disc) + 0.05 * rim + 0.06 * edge(np.float32(0.16) - pedicle, 0.08) + 0.06 * process
    )


def _ribs(chest: Chest) -> Array:
    """Every rib is a tilted ring: its back part runs high, its front part low, and both meet at the wall."""
    thorax, grid, u = chest.thorax, chest.grid, chest.side
    q = np.sqrt(np.clip(1 - u * u, np.float32(0.02), 1))
    steep = (thorax.tilt * u / q + np.float32(0.05)) / np.maximum(chest.wall + np.float32(0.015), np.float32(0.03))
    norm = np.sqrt(1 + np.square(np.minimum(steep, np.float32(2.5))))
    level = grid.y - np.float32(0.05) * u - np.float32(thorax.first_rib)
    back = _rows(level + thorax.tilt * q, norm, thorax.gap, 0.031) * edge(np.abs(grid.x) - np.float32(0.07), 0.03)
    front = _rows(level - thorax.tilt * q, norm, thorax.gap, 0.036) * edge(u - np.float32(0.47), 0.13)
    return edge(np.float32(1.01) - u, 0.02) * (0.105 * back + 0.075 * front) * (0.8 + 0.5 * u)


_GAIN = np.array([0.0, 0.9, 1, 1, 1, 1, 1, 1, 0.95, 0.85, 0.75, 0.6, 0.0], dtype=np.float32)


def _rows(level: Array, norm: Array, gap: float, half: float) -> Array:
    """Bands of half width `half`, one every `gap`; a rib's rim is denser than its middle."""
    phase = level * np.float32(1 / gap)
    number = np.floor(phase)
    t = np.abs(phase - number - np.float32(0.5)) * np.float32(gap / half) / norm
    number = np.clip(number + 1, 0, RIBS + 1).astype(np.intp)
    return single(edge(1 - t, 0.22) * (0.72 + 0.38 * np.minimum(t * t, 1)) * _GAIN[number])


_BLADE = curve(
    [(0.02, -0.60), (0.0, -0.35), (0.03, -0.06), (0.09, -0.03), (0.2, -0.35), (0.24, -0.52), (0.02, -0.60)], 48
)
_BOTH_SIDES = np.array([[[-1, 1]], [[1, 1]]])
_COLLAR = curve([(0.075, -0.50), (0.26, -0.565), (0.50, -0.665), (0.80, -0.70)])


def _shoulders(grid: Grid, thorax: Thorax, shot: Shot) -> Array:
    """Collar bones, shoulder blades (over the lungs on an AP film, pulled aside on a PA film) and arm heads."""
    blade = (_BLADE + np.array([0.60 if shot.view == "AP" else 0.76, 0])) * _BOTH_SIDES
    collar = _COLLAR * _BOTH_SIDES
    collar[..., 0] += 1.5 * thorax.shift * (1 - np.abs(collar[..., 0]))
    if shot.view == "AP":
        collar[..., 1] = collar[..., 1] * 1.05 - 0.005
    strokes = [Stroke(blade, 0, 0.28, fill=True), Stroke(blade, 0.022, 0.62)]
    bones = paint(grid, [*strokes, Stroke(collar, 0.062, 1.0), Stroke(collar, 0.040, 0.72)])
    for side in (-1, 1):
        bones += 1.2 * ellipse(grid, (side * 0.97, -0.60), (0.12, 0.13), soft=0.02)
    return np.float32(0.16) * bones


def _stomach(chest: Chest, patient: Patient) -> Array:
    if not patient.stomach:
        return np.zeros_like(chest.wall)
    size = 0.06 + 0.09 * patient.stomach
    centre = (0.33, chest.thorax.dome_at(0.33) + 0.055 + size * 0.7)
    bubble = ellipse(chest.grid, centre, (size * 1.3, size * 0.7), soft=0.03)
    return 0.22 * bubble * edge(chest.below - np.float32(0.03), 0.02)


def _vessels(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Array:
    """Two trees that branch from the hila outwards and thin out, and the hila themselves."""
    roots = np.zeros_like(grid.x)
    for side in (-1, 1):
        x, y = thorax.hilum(side)
        roots += ellipse(grid, (x + side * 0.01, y + 0.03), (0.07, 0.13), tilt=-side * 0.3, soft=0.06)
    trees = _trees(np.array([thorax.hilum(-1), thorax.hilum(1)]), rng, generations=3 if grid.size <= 160 else 4)
    return 0.15 * roots + 0.20 * paint(grid, trees[::-1])


def _trees(roots: npt.NDArray[np.float64], rng: np.random.Generator, generations: int) -> list[Stroke]:
    """Branches of both lungs, `(n, 3, 2)` points a generation, the thickest first; small films show three."""
    side = np.repeat([-1.0, 1.0], 6)
    angle = np.tile(np.linspace(-1.3, 1.45, 6), 2) + rng.normal(0, 0.12, 12)  # 0 is outwards, positive is downwards
    at = np.repeat(roots, 6, axis=0) + rng.normal(0, 0.018, (12, 2))
    strokes = []
    for depth in range(generations):
        count = len(angle)
        half = (0.075 - 0.01 * depth) * rng.uniform(0.65, 1.25, count)
        bent = angle + rng.normal(0, 0.22, count)
        middle = at + np.stack([side * half * np.cos(angle), half * np.sin(angle)], axis=1)
        end = middle + np.stack([side * half * np.cos(bent), half * np.sin(bent)], axis=1)
        strokes.append(Stroke(np.stack([at, middle, end], axis=1), 0.027 * 0.66**depth, 0.9 * 0.72**depth))
        at, side = np.repeat(end, 2, axis=0), np.repeat(side, 2)
        angle = np.repeat(bent, 2) + np.tile([-1, 1], count) * rng.uniform(0.1, 0.55, 2 * count)
    return strokes
