"""A stage's training: loss, metric, learning rate and image size by epoch, one small plot each."""

from collections.abc import Mapping, Sequence

from longtail.report.charts.axes import Axes, axes, frame, log_ticks, rounded_up, ticks
from longtail.report.drawing import Circle, Drawing, Line, Shape, Text, beside, text_width

_WIDTH, _HEIGHT, _LEFT, _TOP = 206, 110, 42, 44
Curve = tuple[Sequence[float], Sequence[float]]  # epochs, values


def training_chart(title: str, plots: Mapping[str, Mapping[str, Curve]], kept: float | None = None) -> Drawing:
    """Plots by name, each of one or more named curves; a line marks the epoch whose weights were kept."""
    drawn = [_plot(name, curves, kept) for name, curves in plots.items() if any(len(xs) for xs, _ in curves.values())]
    return beside(drawn, title, gap=20)


def _plot(name: str, curves: Mapping[str, Curve], kept: float | None) -> Drawing:
    epochs = [x for xs, _ in curves.values() for x in xs]
    values = [y for _, ys in curves.values() for y in ys if y == y]
    log = name == "learning rate" and bool(values) and min(values) > 0 and max(values) > 4 * min(values)
    plot = axes(_LEFT, _TOP, _WIDTH, _HEIGHT, _span(epochs), _limits(values, log), log_y=log)
    y_ticks = log_ticks(plot.y.low, plot.y.high, 4) if log else []
    y_ticks = y_ticks if len(y_ticks) > 1 else ticks(plot.y.low, plot.y.high, 4)
    whole = sorted({round(tick) for tick in ticks(plot.x.low, plot.x.high, 5)})
    shapes = frame(plot, x_ticks=whole, y_ticks=y_ticks, x_label="epoch", title=name)
    if kept is not None and plot.x.low <= kept <= plot.x.high:
        at = plot.x(kept)
        shapes.append(Line(((at, plot.y.stop), (at, plot.y.start)), "soft", 1, "dash"))
    for i, (xs, ys) in enumerate(curves.values()):
        shapes += _curve(plot, f"s{i}", xs, ys)
    shapes += _legend(list(curves)) if len(curves) > 1 else []
    return Drawing(_LEFT + _WIDTH + 8, _TOP + _HEIGHT + 32, name, tuple(shapes))


def _curve(plot: Axes, colour: str, xs: Sequence[float], ys: Sequence[float]) -> list[Shape]:
    points = plot.points(xs, ys)
    dots: list[Shape] = [Circle(x, y, 2.4, colour) for x, y in points] if len(points) <= 16 else []
    return [*([Line(points, colour, 1.8)] if len(points) > 1 else []), *dots]


def _legend(names: Sequence[str]) -> list[Shape]:
    left = _LEFT + _WIDTH - sum(text_width(name, 10) + 20 for name in names)
    shapes: list[Shape] = []
    for i, name in enumerate(names):
        shapes += [Circle(left + 4, _TOP - 12, 3.5, f"s{i}"), Text(left + 11, _TOP - 8.5, name, 10)]
        left += text_width(name, 10) + 20
    return shapes


def _span(epochs: Sequence[float]) -> tuple[float, float]:
    low, high = min(epochs), max(epochs)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _limits(values: Sequence[float], log: bool) -> tuple[float, float]:
    if not values:
        return 0, 1
    low, high = min(values), max(values)
    if log:
        return low * 0.9, high * 1.1
    if low >= 0:
        return 0, rounded_up(high)
    return low - 0.05 * (high - low or 1), high + 0.05 * (high - low or 1)
