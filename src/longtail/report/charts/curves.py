"""Precision-recall, ROC and reliability plots: one label's three side by side, or several runs' lines in one plot."""

from collections.abc import Sequence
from typing import Any

from longtail.report.charts.axes import axes, frame
from longtail.report.drawing import Circle, Drawing, Line, Rect, Shape, Text, beside

_SIDE, _LEFT, _TOP, _BOTTOM = 92, 26, 22, 34
_UNIT = (0.0, 0.5, 1.0)
Lines = Sequence[tuple[str, Any, Any]]  # colour, xs, ys


def label_curves(label: str, pr: Lines, roc: Lines, reliability: Lines, prevalence: float) -> Drawing:
    """The three small plots of one label; several lines where there are several runs."""
    title = f"Precision-recall, ROC and reliability curves of {label}"
    floor = [((0, prevalence), (1, prevalence))] if prevalence == prevalence else []
    return beside(
        [
            small_plot("precision by recall", pr, guides=floor),
            small_plot("ROC", roc, guides=[((0, 0), (1, 1))]),
            small_plot("reliability", reliability, guides=[((0, 0), (1, 1))], dots=True),
        ],
        title,
        gap=6,
    )


def small_plot(
    title: str, lines: Lines, *, guides: Sequence[tuple[Any, Any]] = (), dots: bool = False, side: float = _SIDE
) -> Drawing:
    """A square plot of rates from 0 to 1, with dotted `guides` (what chance, or a perfect match, would give)."""
    plot = axes(_LEFT, _TOP, side, side, (0, 1), (0, 1))
    shapes = frame(plot, x_ticks=_UNIT, y_ticks=_UNIT, size=8.5)
    shapes.append(Text(_LEFT, 13, title, 10, "soft"))
    for (x0, y0), (x1, y1) in guides:
        shapes.append(Line(((plot.x(x0), plot.y(y0)), (plot.x(x1), plot.y(y1))), "soft", 1, "dot"))
    for colour, xs, ys in lines:
        shapes += _line(colour, plot.points(list(xs), list(ys)), dots)
    if not any(len(xs) for _, xs, _ in lines):
        shapes.append(Text(plot.x(0.5), plot.y(0.5), "undefined", 10, anchor="middle"))
    return Drawing(_LEFT + side + 8, _TOP + side + _BOTTOM - 10, title, tuple(shapes))


def reliability_chart(title: str, bins: Sequence[tuple[str, str, Any]], side: float = 250) -> Drawing:
    """A large reliability diagram of `(name, colour, Reliability)` with the rows of each bin under it."""
    plot = axes(40, 34, side, side, (0, 1), (0, 1))
    shapes = frame(
        plot, x_ticks=(0, 0.25, 0.5, 0.75, 1), y_ticks=(0, 0.25, 0.5, 0.75, 1), x_label="probability said",
        y_label="share found", title=title,
    )  # fmt: skip
    shapes.append(Line(((plot.x(0), plot.y(0)), (plot.x(1), plot.y(1))), "soft", 1, "dot"))
    for number, (_, colour, part) in enumerate(bins):
        most = max(part.rows.tolist(), default=1)
        for said, rows in zip(part.said, part.rows, strict=True):
            height = 34 * float(rows / most)
            x = plot.x(float(said)) - 4 + 3 * number
            tip = f"{rows:,} predictions around {said:.2f}"
            shapes.append(Rect(x, plot.y.start - height, 7, height, colour, opacity=0.25, tip=tip))
        shapes += _line(colour, plot.points(list(part.said), list(part.found)), True, 2)
    if len(bins) > 1:
        shapes += _names([(name, colour) for name, colour, _ in bins], 52, 52)
    return Drawing(40 + side + 12, 34 + side + 40, title, tuple(shapes))


def _line(colour: str, points: Any, dots: bool, width: float = 1.6) -> list[Shape]:
    shapes: list[Shape] = [Line(points, colour, width)] if len(points) > 1 else []
    if dots or len(points) == 1:
        shapes += [Circle(x, y, width + 0.4, colour) for x, y in points]
    return shapes


def _names(rows: Sequence[tuple[str, str]], left: float, top: float) -> list[Shape]:
    shapes: list[Shape] = []
    for i, (name, colour) in enumerate(rows):
        shapes += [Circle(left, top + 15 * i, 4, colour), Text(left + 9, top + 15 * i + 3.5, name, 10, "ink")]
    return shapes
