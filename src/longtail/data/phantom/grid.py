"""Where every pixel lies in the body: coordinates that do not depend on the image's size.

Body coordinates run from about -1 to 1 over the film, x to the right of the picture (the patient's left), y downwards.
A film's pose (rotation, shift, zoom) is in the coordinates, so structures are drawn once, sharp, and never resampled.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def single(values: npt.ArrayLike) -> Array:
    """`values` as float32: twice the pixels in a cache line, and what every array here is."""
    return np.asarray(values, dtype=np.float32)


@dataclass(frozen=True)
class Pose:
    """How the patient stands before the detector."""

    angle: float = 0.0  # radians
    right: float = 0.0  # shift in half widths of the film
    down: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True)
class Grid:
    """Body coordinates `x`, `y`, each `(S, S)` float32, of a film's pixel centres."""

    size: int
    pose: Pose

    @cached_property
    def x(self) -> Array:
        """Left to right of the picture."""
        across, down = _film(self.size)
        return self._cos * (across - np.float32(self.pose.right)) + self._sin * (down - np.float32(self.pose.down))

    @cached_property
    def y(self) -> Array:
        """Head to feet."""
        across, down = _film(self.size)
        return self._cos * (down - np.float32(self.pose.down)) - self._sin * (across - np.float32(self.pose.right))

    @cached_property
    def level(self) -> Array:
        """Height of each row on the film's middle column, `(S, 1)`: enough for slow gradients, and far cheaper."""
        return np.ascontiguousarray(self.y[:, self.size // 2 : self.size // 2 + 1])

    @property
    def pixel(self) -> float:
        """A pixel's side in body units."""
        return 2 / (self.size * self.pose.zoom)

    def pixels(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Body points `(..., 2)` as fractional pixel positions `(..., 2)`."""
        turn, shift = self._to_pixels
        return np.asarray(points, dtype=np.float64) @ turn + shift

    def window(self, centre: tuple[float, float], reach: float) -> tuple[slice, slice]:
        """Rows and columns that hold everything within `reach` of a body point."""
        turn, shift = self._to_pixels
        column = centre[0] * turn[0, 0] + centre[1] * turn[1, 0] + shift[0]
        row = centre[0] * turn[0, 1] + centre[1] * turn[1, 1] + shift[1]
        half = reach / self.pixel + 1
        return _clipped(row, half, self.size), _clipped(column, half, self.size)

    def strip(self, half: float) -> "Strip":
        """The columns that hold everything within `half` of the midline, whatever the film's rotation."""
        across = self.pixels([(x, y) for x in (-half, half) for y in (-1.2, 1.2)])[:, 0]
        first = min(max(int(across.min()), 0), self.size)
        columns = slice(first, max(first, min(int(across.max()) + 2, self.size)))
        return Strip((slice(None), columns), self.x[:, columns], self.y[:, columns])

    @cached_property
    def _to_pixels(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        half = self.size / 2
        cos, sin = np.cos(self.pose.angle) * self.pose.zoom * half, np.sin(self.pose.angle) * self.pose.zoom * half
        return np.array([[cos, sin], [-sin, cos]]), np.array([self.pose.right + 1, self.pose.down + 1]) * half

    @property
    def _cos(self) -> np.float32:
        return np.float32(np.cos(self.pose.angle) / self.pose.zoom)

    @property
    def _sin(self) -> np.float32:
        return np.float32(np.sin(self.pose.angle) / self.pose.zoom)


@dataclass(frozen=True)
class Strip:
    """A window of a grid: what to index a film by, and the coordinates there."""

    window: tuple[slice, slice]
    x: Array
    y: Array


def _clipped(middle: float, half: float, size: int) -> slice:
    first = min(max(int(middle - half), 0), size)
    return slice(first, max(first, min(int(middle + half) + 1, size)))


@lru_cache(maxsize=8)
def _film(size: int) -> tuple[Array, Array]:
    """Pixel centres in [-1, 1] as a row and a column."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1).astype(np.float32)
    return line[None, :], line[:, None]
