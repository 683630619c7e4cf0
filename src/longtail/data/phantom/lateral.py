"""The lateral chest: its geometry, and the normal film drawn. The breastbone is at the left, the spine at the right."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from longtail.data.phantom.grid import Array, Grid, single
from longtail.data.phantom.people import Patient, Shot
from longtail.data.phantom.scene import Scene
from longtail.data.phantom.shapes import Stroke, clouds, curve, edge, ellipse, paint

AIR = 0.66  # the share of the attenuation that both lungs' depth takes away


@dataclass(frozen=True)
class SideChest:
    """A chest seen from its left side, on a film's grid; body units."""

    grid: Grid
    apex: float
    base: float  # height of the domes' tops
    depth: float  # front to back, relative
    heart: float
    aorta: float
    build: float
    gap: float

    @classmethod
    def of(cls, grid: Grid, patient: Patient, shot: Shot) -> "SideChest":
        """This patient's chest on this film."""
        return cls(
            grid=grid,
            apex=-0.74 * patient.height,
            base=0.32 * patient.height + 0.07 * shot.breath,
            depth=0.5 * (1 + patient.chest),
            heart=patient.heart,
            aorta=patient.aorta,
            build=patient.build,
            gap=0.135 * patient.height,
        )

    def front(self, y: Array) -> Array:
        """The inner side of the breastbone at height `y`."""
        return single(np.float32(-0.52 * self.depth) - 0.16 * y + 0.14 * np.square(y - np.float32(0.25)))

    def back(self, y: Array) -> Array:
        """Where the lungs end behind at height `y`."""
        return single(
            np.float32(0.56 * self.depth) - 0.15 * np.square(y - np.float32(0.02)) - 0.06 * edge(-0.35 - y, 0.3)
        )

    def spine(self, y: Array) -> Array:
        """The middle of the vertebrae at height `y`."""
        return single(np.float32(0.40 * self.depth) - 0.16 * np.square(y - np.float32(0.02)))

    def dome(self, x: Array, drop: float = 0.0) -> Array:
        """Height of the diaphragm at `x`: it falls steeply behind, to the deep rear angle."""
        off = x + np.float32(0.18)
        behind = np.clip(off, 0, 1)
        return single(np.float32(self.base + drop) + 0.16 * off * off + 0.95 * behind * behind * behind)

    def dome_at(self, x: float) -> float:
        """`dome` for one place."""
        return float(self.dome(np.array([x], dtype=np.float32))[0])

    def heart_mask(self, scale: float = 1.0) -> Array:
        """The heart, on the front of the diaphragm, enlarged by `scale`."""
        s = self.heart * scale
        centre = (-0.30 + 0.12 * (s - 1), self.base + 0.06 - 0.19 * s)
        return ellipse(self.grid, centre, (0.285 * s, 0.2 * s), tilt=0.72, soft=0.075)

    @property
    def hilum(self) -> tuple[float, float]:
        """Where the great vessels cross."""
        return 0.02, -0.1

    @cached_property
    def below(self) -> Array:
        """How far a pixel lies below the higher dome; negative above."""
        return self.grid.y - self.dome(self.grid.x)

    @cached_property
    def lung(self) -> Array:
        """The lung field, 0 to 1; paler where only the lower dome's lung is left."""
        y, x = self.grid.y, self.grid.x
        inside = edge(x - self.front(self.grid.level), 0.02) * edge(self.back(self.grid.level) - x, 0.02)
        apex = y - np.float32(self.apex) - 1.6 * np.square(x - np.float32(0.06))
        above = 0.62 * edge(-self.below, 0.012) + 0.38 * edge(np.float32(0.055) - self.below, 0.012)
        return inside * edge(apex, 0.06) * above


@dataclass
class SideScene(Scene):
    """A lateral film, with the outlines that findings are placed by."""

    chest: SideChest


def draw_lateral(grid: Grid, patient: Patient, shot: Shot, rng: np.random.Generator) -> SideScene:
    """A lateral chest without findings."""
    chest = SideChest.of(grid, patient, shot)
    tissue = _tissue(chest, patient)
    heart = chest.heart_mask()
    hilum = ellipse(grid, chest.hilum, (0.1, 0.14), tilt=0.3, soft=0.09)
    clear = chest.lung * (1 - 0.58 * heart) * (1 - 0.2 * hilum)
    air = AIR * tissue * clear * _depth(chest)
    vessels = _vessels(chest, rng) * clear
    density = tissue - air + vessels + _spine(chest) + _ribs(chest) + 0.16 * _breastbone(chest)
    density += 0.03 * clouds(rng, grid.size, 9) * tissue
    density += _arch(chest) - _windpipe(chest)
    return SideScene(grid, shot.view, np.maximum(density, 0), single(air), chest.lung, vessels, chest)


def _tissue(chest: SideChest, patient: Patient) -> Array:
    """The trunk from the side, with the raised arms' mass at the top; denser than from the front."""
    grid, y = chest.grid, chest.grid.level
    front = (
        chest.front(y)
        - np.float32(0.065 + 0.12 * patient.build)
        - 0.07 * patient.breast * edge(0.3 - np.abs(y - 0.12), 0.25)
    )
    back = chest.back(y) + np.float32(0.11 + 0.1 * patient.build)
    shoulder = edge(np.float32(-0.5) - y, 0.2)
    arms = edge(np.float32(-0.62) - y, 0.16)
    front, back = front - 0.05 * shoulder - 0.42 * arms, back + 0.10 * shoulder + 0.2 * arms
    trunk = edge(grid.x - front, 0.03) * edge(back - grid.x, 0.03)
    off = (2 * grid.x - front - back) / (back - front)
    round_off = np.sqrt(np.clip(1 - off * off, 0, 1))
    thick = (0.42 + 0.60 * round_off) * (1 + 0.16 * patient.build) * (1 + 0.2 * edge(y - 0.3, 0.4) + 0.22 * shoulder)
    return np.asarray(trunk * thick, dtype=np.float32)


def _depth(chest: SideChest) -> Array:
    """More air low behind the heart (the spine darkens downwards on a good film), less under the arms."""
    level = chest.grid.level
    return np.float32(0.92) - 0.24 * edge(np.float32(-0.42) - level, 0.25) + 0.10 * edge(level - 0.1, 0.3)


def _spine(chest: SideChest) -> Array:
    grid = chest.grid
    level = grid.y - np.float32(0.35) * (grid.x - np.float32(0.4)) * grid.level  # the discs follow the curve
    phase = level * np.float32(1 / chest.gap)
    phase -= np.floor(phase)
    disc = edge(np.float32(0.11) - np.abs(phase - np.float32(0.5)), 0.07)
    off = np.abs(grid.x - chest.spine(grid.level))
    body = edge(0.078 - off, 0.012)
    rear = edge(0.05 - np.abs(off - np.float32(0.10)), 0.03) * (grid.x > chest.spine(grid.level))
    return single(0.17 * body * (1 - 0.75 * disc) + 0.07 * (body - edge(0.064 - off, 0.012)) + 0.05 * rear)


def _ribs(chest: SideChest) -> Array:
    """Both sides' ribs lie over each other: faint bands that fall forwards."""
    grid = chest.grid
    total = np.zeros_like(grid.x)
    inside = edge(grid.x - chest.front(grid.level) - np.float32(0.1), 0.12) * edge(
        chest.back(grid.level) + 0.05 - grid.x, 0.03
    )
    for shift, gain in ((0.0, 0.055), (0.035, 0.04)):
        slope = grid.y + np.float32(0.42) * grid.x + 0.2 * np.square(grid.x - np.float32(0.3)) + np.float32(shift)
        phase = slope * np.float32(1 / chest.gap)
        phase -= np.floor(phase)
        total += gain * edge(np.float32(0.17) - np.abs(phase - np.float32(0.5)), 0.06)
    return total * inside * edge(np.float32(0.62) - grid.level, 0.25)


def _breastbone(chest: SideChest) -> Array:
    level = chest.grid.level
    off = np.abs(chest.grid.x - chest.front(level) + np.float32(0.025))
    return edge(0.026 - off, 0.012) * edge(level + 0.52, 0.05) * edge(np.float32(0.28) - level, 0.06)


def _arch(chest: SideChest) -> Array:
    """The aortic arch's faint bow and the wall behind the heart's inflow."""
    size = 0.15 * chest.aorta
    line = curve(
        [(-0.16, -0.12), (-0.11, -0.30), (0.05, -0.28 - size * 0.5), (0.2, -0.22), (0.25, 0.05), (0.25, 0.65)], 40
    )
    return 0.085 * paint(chest.grid, [Stroke(line, size, 0.6), Stroke(line, size * 0.7, 1.0)]) * chest.lung


def _windpipe(chest: SideChest) -> Array:
    x, level = chest.grid.x, chest.grid.level
    tube = edge(0.036 - np.abs(x - np.float32(0.05) - 0.10 * level), 0.014) * edge(np.float32(-0.14) - level, 0.03)
    ring = ellipse(chest.grid, (0.04, -0.12), (0.032, 0.035), soft=0.015)
    return 0.13 * tube + 0.12 * ring


def _vessels(chest: SideChest, rng: np.random.Generator) -> Array:
    x, y = chest.hilum
    angle = rng.uniform(0, 2 * np.pi, 30)
    turn = angle + rng.normal(0, 0.4, 30)
    length = rng.uniform(0.07, 0.2, (30, 1))
    start = np.array([x, y]) + rng.normal(0, 0.035, (30, 2))
    middle = start + length * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    end = middle + length * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    core = ellipse(chest.grid, (x, y), (0.085, 0.10), soft=0.07)
    fine = [Stroke(np.stack([middle, end], axis=1), 0.012, 0.5), Stroke(np.stack([start, middle], axis=1), 0.024, 0.8)]
    return 0.13 * core + 0.085 * paint(chest.grid, fine)
