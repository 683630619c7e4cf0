"""Axes of a chart: from numbers to pixels, ticks that are round numbers, a quiet frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from longtail.report.drawing import Line, Point, Shape, Text

TICK = 10  # font size


@dataclass(frozen=True)
class Scale:
    """From `low`..`high` to pixels `start`..`stop`; logarithmic on demand."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; of one below a logarithmic scale, its start."""
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        at = math.log10(max(value, self.low)) if self.log else value
        return self.start + (at - low) / ((high - low) or 1) * (self.stop - self.start)


@dataclass(frozen=True)
class Axes:
    """A plot's place: pixels from `left` to `right`, `top` to `bottom`, with a scale each way."""

    x: Scale
    y: Scale

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> list[Point]:
        """Pixels of points; those with a nan are left out."""
        pairs = zip(xs, ys, strict=True)
        return [(self.x(x), self.y(y)) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def axes(
    left: float, top: float, width: float, height: float, x: tuple[float, float], y: tuple[float, float],
    *, log_x: bool = False, log_y: bool = False,
) -> Axes:  # fmt: skip
    """Axes for values between the limits `x` and `y`."""
    return Axes(Scale(*x, left, left + width, log_x), Scale(*y, top + height, top, log_y))


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """At most `most` round numbers from `low` to `high`, one more where these are at both ends."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten from `low` to `high`."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [10.0**power for power in powers if low * 0.999 <= 10.0**power <= high * 1.001]
    return found[:: max(1, -(-len(found) // most))]


def rounded_up(value: float) -> float:
    """The next round number, for the end of an axis that starts at 0."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(power * factor for factor in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if power * factor >= value * 0.999))


def number(value: float) -> str:
    """A tick's text: 0.25, 1,000, 50k, 1e-5."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:g}M"
    if size >= 1e4:
        return f"{value / 1e3:g}k"
    if size < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:,.0f}" if size >= 1000 else f"{value:g}"


def frame(
    plot: Axes, *, x_ticks: Sequence[float] = (), y_ticks: Sequence[float] = (), x_label: str = "", y_label: str = "",
    title: str = "", size: float = TICK,
) -> list[Shape]:  # fmt: skip
    """A title over the plot, ticks with grid lines, the base line, and the axes' names."""
    left, right, bottom, top = plot.x.start, plot.x.stop, plot.y.start, plot.y.stop
    shapes: list[Shape] = []
    for value in y_ticks:
        at = plot.y(value)
        shapes += [
            Line(((left, at), (right, at)), "line", 1),
            Text(left - 5, at + size * 0.35, number(value), size, anchor="end"),
        ]
    shapes += [Text(plot.x(value), bottom + size + 4, number(value), size, anchor="middle") for value in x_ticks]
    shapes.append(Line(((left, bottom), (right, bottom)), "soft", 1))
    if x_label:
        shapes.append(Text((left + right) / 2, bottom + 2 * size + 8, x_label, size, anchor="middle"))
    if y_label:
        shapes.append(Text(left, top - 7, y_label, size))
    if title:
        shapes.append(Text(left, top - (22 if y_label else 8), title, size + 1.5, "ink", bold=True))
    return shapes
