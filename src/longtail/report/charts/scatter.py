"""Embeddings of a stage in two dimensions: a colour and a shape for each class; one may be red, before the others."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from longtail.report.drawing import Circle, Drawing, Line, Rect, Shape, Text, series, shortened, text_width

_MOST = 1500  # dots of one picture: more only hide each other, and weigh
_COLOURS = (0, 2, 3, 4, 5)  # of the series; 1 is too near the red of the class that is marked
_MARKS = "circle", "square", "triangle", "diamond"
_CLASSES = len(_COLOURS) * len(_MARKS)  # the most common ones that are told apart
_OTHERS = "soft", "circle"
_SIZE, _ROW = 10, 16  # of the legend's text, and of its rows


def embedding_chart(
    title: str, x: Any, y: Any, labels: Sequence[str], marked: str | None, side: float = 300
) -> Drawing:
    """Dots at `x`, `y` `(N,)`; the class `marked` (the head's) is on top and red, as in Li, Tan and Pan's Figure 2."""
    xs, ys = _unit(np.asarray(x, np.float64)), _unit(np.asarray(y, np.float64))
    drawn = np.random.default_rng(0).permutation(len(xs))[:_MOST].tolist()
    rows: list[int] = sorted(drawn, key=lambda row: labels[row] == marked)
    looks = _looks(labels, marked)
    shapes: list[Shape] = [
        Rect(0.5, 25.5, side - 1, side - 1, "panel", "line", radius=6),
        Text(0, 14, title, 12, "ink", bold=True),
    ]
    for row in rows:
        place = 10 + xs[row] * (side - 20), 35 + (1 - ys[row]) * (side - 20)
        shapes.append(_dot(*place, 2.1, *looks.get(labels[row], _OTHERS), opacity=0.75))
    legend, height = _legend(looks, len(set(labels)) - len(looks), side)
    return Drawing(side, side + 26 + height, _in_words(title, labels, marked), (*shapes, *legend))


def _looks(labels: Sequence[str], marked: str | None) -> dict[str, tuple[str, str]]:
    """Colour and shape of the marked class, then of the most common others."""
    counts = Counter(labels)
    names = sorted((name for name in counts if name != marked), key=lambda name: (-counts[name], name))[:_CLASSES]
    looks = {marked: ("alarm", "circle")} if marked in counts and marked is not None else {}
    for i, name in enumerate(names):
        looks[name] = series(_COLOURS[i % len(_COLOURS)]), _MARKS[i % len(_MARKS)]  # five and four: twenty pairs
    return looks


def _dot(x: float, y: float, radius: float, colour: str, mark: str, opacity: float = 1) -> Shape:
    if mark == "circle":
        return Circle(x, y, radius, colour, opacity=opacity)
    if mark == "square":
        return Rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius, colour, opacity=opacity)
    wide, high, low = (1.2 * radius, 1.3 * radius, 0.9 * radius) if mark == "triangle" else (radius, 1.5 * radius, 0)
    points = [(x - wide, y + low), (x, y - high), (x + wide, y + low)]
    if mark == "diamond":
        points.append((x, y + high))
    return Line(points, "none", fill=colour, opacity=opacity)


def _legend(looks: dict[str, tuple[str, str]], others: int, side: float) -> tuple[list[Shape], float]:
    """Marks and names in rows below the picture, and how high they are."""
    said = [(shortened(name, side - 20, _SIZE), look) for name, look in looks.items()]
    said += [(f"{others} others", _OTHERS)] if others else []
    shapes: list[Shape] = []
    left, top = 8.0, side + 36.0
    for name, look in said:
        wide = text_width(name, _SIZE) + 22
        if left > 8 and left + wide > side:
            left, top = 8.0, top + _ROW
        shapes += [_dot(left, top, 3.5, *look), Text(left + 8, top + 3.5, name, _SIZE)]
        left += wide
    return shapes, top - side - 26 + _ROW / 2 if said else 0


def _unit(values: Any) -> Any:
    low, high = (float(np.nanmin(values)), float(np.nanmax(values))) if len(values) else (0.0, 1.0)
    return (values - low) / ((high - low) or 1)


def _in_words(title: str, labels: Sequence[str], marked: str | None) -> str:
    of = f", {marked} in red" if marked else ""
    return f"Embeddings of {len(labels)} images after {title}{of}"
