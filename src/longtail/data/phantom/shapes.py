"""Soft shapes on a grid: edges, ellipses, brush strokes, smooth noise; each a float32 `(S, S)` in [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from longtail.data.phantom.grid import Array, Grid, single

Points = Sequence[tuple[float, float]] | npt.NDArray[np.float64]


_ZERO, _ONE = np.float32(0), np.float32(1)


def edge(distance: npt.NDArray[np.floating[Any]], softness: float) -> Array:
    """1 where `distance` is positive, 0 where negative, a smooth step of half width `softness` between."""
    t = np.multiply(distance, np.float32(0.5 / softness), dtype=np.float32)  # in place: this runs fifty times a film
    t += np.float32(0.5)
    t.clip(_ZERO, _ONE, out=t)
    square: Array = t * t
    t *= -2
    t += 3
    square *= t
    return square


def ellipse(
    grid: Grid, centre: tuple[float, float], axes: tuple[float, float], *, tilt: float = 0.0, soft: float = 0.03
) -> Array:
    """A soft ellipse with half axes `axes`, turned by `tilt` radians; only its own window is computed."""
    soft = max(soft, grid.pixel)
    window = grid.window(centre, max(axes) * (1 + soft / min(axes)))
    shape = np.zeros((grid.size, grid.size), dtype=np.float32)
    shape[window] = edge(1 - ellipse_radius(grid, centre, axes, tilt, window), soft / min(axes))
    return shape


_ALL = (slice(None), slice(None))


def ellipse_radius(
    grid: Grid,
    centre: tuple[float, float],
    axes: tuple[float, float],
    tilt: float = 0.0,
    window: tuple[slice, slice] = _ALL,
) -> Array:
    """Distance from an ellipse's centre, 1 on its outline, in a window of the film."""
    cos, sin = np.cos(tilt), np.sin(tilt)
    dx, dy = grid.x[window] - np.float32(centre[0]), grid.y[window] - np.float32(centre[1])
    if tilt:
        dx, dy = np.float32(cos) * dx + np.float32(sin) * dy, np.float32(cos) * dy - np.float32(sin) * dx
    dx *= np.float32(1 / axes[0])
    dy *= np.float32(1 / axes[1])
    dx *= dx
    dy *= dy
    dx += dy
    return single(np.sqrt(dx, out=dx))


def ball(grid: Grid, centre: tuple[float, float], radius: float) -> Array:
    """A ball seen from outside: its thickness, 1 in the middle, falling to 0 at `radius`."""
    window = grid.window(centre, radius)
    shape = np.zeros((grid.size, grid.size), dtype=np.float32)
    r = ellipse_radius(grid, centre, (radius, radius), window=window)
    shape[window] = np.sqrt(np.clip(1 - r * r, 0, 1))
    return shape


@dataclass(frozen=True)
class Stroke:
    """A line through body points `(k, 2)`, or many of them `(n, k, 2)`, `width` wide in body units.

    `value` in [0, 1] is how dark the brush is; `fill` closes the line to a polygon.
    """

    points: Points
    width: float
    value: float = 1.0
    fill: bool = False
    joined: bool = False  # round the joints: for wide lines with bends


def paint(grid: Grid, strokes: Sequence[Stroke]) -> Array:
    """Strokes painted in order, later over earlier, antialiased by painting larger and averaging."""
    factor = 4 if grid.size <= 96 else 3 if grid.size <= 160 else 2
    board = Image.new("L", (grid.size * factor, grid.size * factor))
    draw = ImageDraw.Draw(board)
    for stroke in strokes:
        points = grid.pixels(stroke.points) * factor - 0.5
        value, width = round(stroke.value * 255), max(1, round(stroke.width / grid.pixel * factor))
        for line in points.reshape(-1, 2 * points.shape[-2]).tolist():
            if stroke.fill:
                draw.polygon(line, fill=value)
            else:
                draw.line(line, fill=value, width=width, joint="curve" if stroke.joined else None)
    return np.asarray(board.reduce(factor), dtype=np.float32) * np.float32(1 / 255)


def curve(points: Points, steps: int = 24) -> npt.NDArray[np.float64]:
    """A smooth line `(n, 2)` of about `steps` points through `points` (Catmull-Rom)."""
    p = np.asarray(points, dtype=np.float64)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    weights = _catmull_rom(max(2, steps // (len(p) - 3)))
    pieces = weights @ np.stack([p[:-3], p[1:-2], p[2:-1], p[3:]], axis=1)
    return np.concatenate([pieces.reshape(-1, 2), p[-2:-1]])


@lru_cache(maxsize=32)
def _catmull_rom(steps: int) -> npt.NDArray[np.float64]:
    """The weights of four neighbouring points at `steps` places between the middle two."""
    t = np.arange(steps) / steps
    return np.asarray(
        0.5 * np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2], axis=1),
        dtype=np.float64,
    )


def clouds(rng: np.random.Generator, size: int, cells: int) -> Array:
    """Smooth noise, mean 0 and deviation near 1, with `cells` bumps across the film whatever its size."""
    weights = _spline(size, cells)
    return single(weights @ rng.standard_normal((cells + 3, cells + 3), dtype=np.float32) @ weights.T)


@lru_cache(maxsize=64)
def _spline(size: int, cells: int) -> Array:
    """Cubic B-spline weights `(size, cells + 3)`, scaled so that white noise in gives unit deviation out."""
    at = (np.arange(size) + 0.5) / size * cells + 1
    t = np.abs(at[:, None] - np.arange(cells + 3)[None, :])
    weights = np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, np.where(t < 2, (2 - t) ** 3 / 6, 0))
    return np.asarray(weights / np.sqrt(np.mean((weights**2).sum(axis=1))), dtype=np.float32)
