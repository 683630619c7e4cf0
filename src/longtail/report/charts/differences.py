"""Paired differences with their intervals, one line each: right of zero is better."""

from collections.abc import Sequence

from longtail.report.charts.axes import axes, frame, ticks
from longtail.report.drawing import Circle, Drawing, Line, Text, shortened, text_width


def difference_chart(
    title: str, names: Sequence[str], values: Sequence[float], lows: Sequence[float], highs: Sequence[float],
    groups: Sequence[str], *, x_label: str, width: float = 760,
) -> Drawing:  # fmt: skip
    """A dot and a bar for each name, coloured by group; hollow-looking (faint) where the interval holds zero."""
    step = 20.0
    room = min(230.0, max((text_width(name, 11) for name in names), default=0) + 14)
    known = [abs(v) for v in (*values, *lows, *highs) if v == v]
    reach = max(known, default=0.1) * 1.05 or 0.1
    plot = axes(room, 14, width - room - 70, step * max(len(names), 1), (-reach, reach), (0, 1))
    marks = ticks(-reach, reach, 7)
    shapes = frame(plot, x_ticks=marks, x_label=x_label)
    shapes += [Line(((plot.x(mark), 14), (plot.x(mark), plot.y.start)), "line", 1) for mark in marks]
    shapes.append(Line(((plot.x(0), 10), (plot.x(0), plot.y.start)), "soft", 1.5))
    for i, (name, value, low, high) in enumerate(zip(names, values, lows, highs, strict=True)):
        y = 14 + (i + 0.5) * step
        shapes.append(Text(room - 8, y + 3.8, shortened(name, room - 10), 11, "ink", "end"))
        if value != value:
            shapes.append(Text(plot.x(0) + 6, y + 3.5, "undefined", 10))
            continue
        sure = 1.0 if low > 0 or high < 0 else 0.45
        tip = f"{name}: {value:+.3f} " + (f"({low:+.3f} to {high:+.3f})" if low == low else "(too few for an interval)")
        if low == low:
            shapes.append(Line(((plot.x(low), y), (plot.x(high), y)), groups[i], 3, opacity=sure, tip=tip))
        shapes += [
            Circle(plot.x(value), y, 4, groups[i], opacity=max(sure, 0.7), tip=tip),
            Text(width - 4, y + 3.8, f"{value:+.3f}", 10.5, "ink", "end", bold=sure == 1),
        ]
    return Drawing(width, 14 + step * len(names) + 36, title, tuple(shapes))
