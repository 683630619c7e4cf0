"""The frontal chest's geometry: where its outlines run, for drawing it and for placing findings. No pixels here."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from longtail.data.phantom.grid import Array, Grid, single
from longtail.data.phantom.people import Patient, Shot
from longtail.data.phantom.shapes import edge, ellipse

RIBS = 11  # pairs that are drawn


@dataclass(frozen=True)
class Thorax:
    """One patient's chest on one frontal film; lengths in body units, `side` -1 is the left of the picture."""

    width: float  # half width of the lungs at their widest
    apex: float  # top of the lungs
    base: float  # height of the right dome
    drop: float  # how much lower the left dome is
    tilt: float
    gap: float
    heart: float
    aorta: float
    build: float
    shift: float  # of the mediastinum, when the patient is turned
    curve: float

    @classmethod
    def of(cls, patient: Patient, shot: Shot) -> "Thorax":
        """The chest as this film shows it: an AP film enlarges the heart, a deep breath lengthens the lungs."""
        return cls(
            width=0.70 * patient.chest,
            apex=-0.76 * patient.height,
            base=0.33 * patient.height + 0.075 * shot.breath,
            drop=0.035 + 0.015 * shot.breath,
            tilt=patient.rib_tilt,
            gap=patient.rib_gap * patient.height,
            heart=patient.heart * (1.1 if shot.view == "AP" else 1.0),
            aorta=patient.aorta,
            build=patient.build,
            shift=shot.turn,
            curve=patient.curve,
        )

    def axis(self, y: Array) -> Array:
        """The midline's x at height `y`: the spine's bend."""
        return single(np.float32(self.curve) * np.sin(np.float32(3) * y))

    def wall(self, y: Array) -> Array:
        """Half width of the rib cage at height `y`."""
        span = np.float32(0.45 - self.apex)
        t = np.clip((np.float32(0.45) - y) / span, 0, 1)
        return single(np.float32(self.width) * np.sqrt(np.clip(1 - t * t * t, 0, 1)))

    def wall_at(self, y: float) -> float:
        """`wall` for one height."""
        return float(self.wall(np.array([y], dtype=np.float32))[0])

    def dome(self, x: Array) -> Array:
        """Height of the diaphragm at `x`."""
        off = (np.abs(x) - np.float32(0.34)) / np.float32(0.36)
        square = off * off
        return single(
            np.float32(self.base) + np.float32(self.drop) * edge(x, 0.05) + 0.11 * square + 0.10 * square * square
        )

    def dome_at(self, x: float) -> float:
        """`dome` for one place."""
        return float(self.dome(np.array([x], dtype=np.float32))[0])

    def heart_mask(self, grid: Grid, scale: float = 1.0) -> Array:
        """The heart's outline, enlarged by `scale`."""
        s = self.heart * scale
        base = self.base + 0.1
        left = ellipse(grid, (self.shift + 0.10 * s, base - 0.19 * s), (0.31 * s, 0.215 * s), tilt=0.62, soft=0.022)
        right = ellipse(grid, (self.shift - 0.055 * s, base - 0.2 * s), (0.135 * s, 0.205 * s), soft=0.025)
        waist = ellipse(grid, (self.shift + 0.03, base - 0.37), (0.14, 0.24), soft=0.03)
        return np.maximum(np.maximum(left, right), waist)

    def mediastinum(self, grid: Grid) -> Array:
        """Great vessels, hila's roots and the column above the heart."""
        strip = grid.strip(0.25)
        off = np.abs(strip.x - np.float32(self.shift - 0.012) - self.axis(grid.level))
        half = 0.115 + 0.05 * np.clip(-grid.level - np.float32(0.55), 0, 1) + 0.02 * self.build
        column = np.zeros_like(grid.x)
        column[strip.window] = edge(half - off, 0.02) * edge(np.float32(self.base + 0.3) - grid.level, 0.05)
        radius = 0.088 * self.aorta
        knob = 0.8 * ellipse(grid, self.knob, (radius, radius * 1.15), soft=0.02)
        trunk = ellipse(grid, (self.shift + 0.1, -0.1), (0.075, 0.1), soft=0.03)
        return single(np.maximum(np.maximum(column, knob), trunk))

    @property
    def knob(self) -> tuple[float, float]:
        """Centre of the aortic arch's shadow."""
        return self.shift + 0.085 + 0.02 * self.aorta, -0.27

    def hilum(self, side: int) -> tuple[float, float]:
        """Where a lung's vessels enter."""
        return self.shift + side * 0.17, -0.05 - 0.03 * (side > 0)

    @property
    def first_rib(self) -> float:
        """Height at which the first rib meets the wall."""
        return self.apex + 0.11

    def rib(self, number: int, u: npt.ArrayLike, *, back: bool = True) -> npt.NDArray[np.float64]:
        """Height of a rib's centre line at the share `u` of the half width, on the back or the front."""
        share = np.asarray(u, dtype=np.float64)
        sweep = self.tilt * np.sqrt(np.clip(1 - share**2, 0.02, 1))
        return self.first_rib + (number + 0.5) * self.gap + 0.05 * share - (sweep if back else -sweep)

    def rib_place(self, number: int, side: int, u: float) -> tuple[float, float, float]:
        """A point on a rib's back part and the line's slope there: x, y, dy/dx."""
        y = float(self.rib(number, u))
        x = side * u * (self.wall_at(y) + 0.015)
        slope = side * (self.tilt * u / np.sqrt(max(1 - u * u, 0.02)) + 0.05) / max(self.wall_at(y), 0.1)
        return x, y, float(slope)


@dataclass(frozen=True)
class Chest:
    """A thorax on a film's grid: the outlines that drawing and findings share, each computed once, `(S, S)`."""

    grid: Grid
    thorax: Thorax

    @cached_property
    def wall(self) -> Array:
        """Half width of the rib cage at each pixel's height."""
        return self.thorax.wall(self.grid.y)

    @cached_property
    def side(self) -> Array:
        """Where a pixel lies between the midline (0) and the rib cage (1), without sign."""
        off = np.abs(self.grid.x - np.float32(0.5 * self.thorax.shift))
        return single(off / np.maximum(self.wall + np.float32(0.015), np.float32(0.03)))

    @cached_property
    def below(self) -> Array:
        """How far a pixel lies below the diaphragm; negative above it."""
        return self.grid.y - self.thorax.dome(self.grid.x - np.float32(0.5 * self.thorax.shift))

    @cached_property
    def heart(self) -> Array:
        """The heart's outline."""
        return self.thorax.heart_mask(self.grid)

    @cached_property
    def middle(self) -> Array:
        """Heart and mediastinum together."""
        return np.maximum(self.thorax.mediastinum(self.grid), self.heart)
