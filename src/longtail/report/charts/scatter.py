"""Embeddings of a stage in two dimensions, one class in red against all others, or a colour for each class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from longtail.report.drawing import Circle, Drawing, Rect, Shape, Text, series, text_width

_MOST = 1500  # dots of one picture: more only hide each other, and weigh


def embedding_chart(
    title: str, x: Any, y: Any, labels: Sequence[str], marked: str | None, side: float = 300
) -> Drawing:
    """Dots at `x`, `y` `(N,)`; the class `marked` (the head's) is on top and red, as in Shi et al.'s Figure 2."""
    xs, ys = _unit(np.asarray(x, np.float64)), _unit(np.asarray(y, np.float64))
    drawn = np.random.default_rng(0).permutation(len(xs))[:_MOST].tolist()
    rows: list[int] = sorted(drawn, key=lambda row: labels[row] == marked)
    names = [name for name in dict.fromkeys(sorted(labels)) if name != marked]
    colours = {name: series((0, 2, 3, 4, 5)[i % 5]) for i, name in enumerate(names)}
    shapes: list[Shape] = [
        Rect(0.5, 25.5, side - 1, side - 1, "panel", "line", radius=6),
        Text(0, 14, title, 12, "ink", bold=True),
    ]
    for row in rows:
        at = labels[row]
        colour = "alarm" if at == marked else colours[at]
        shapes.append(Circle(10 + xs[row] * (side - 20), 35 + (1 - ys[row]) * (side - 20), 2.1, colour, opacity=0.75))
    return Drawing(side, side + 26 + 18, _in_words(title, labels, marked), (*shapes, *_legend(marked, side)))


def _legend(marked: str | None, side: float) -> list[Shape]:
    if marked is None:
        return []
    left = side - text_width(marked, 10) - 4
    return [Circle(left - 8, side + 36, 3.5, "alarm"), Text(left, side + 39.5, marked, 10)]


def _unit(values: Any) -> Any:
    low, high = (float(np.nanmin(values)), float(np.nanmax(values))) if len(values) else (0.0, 1.0)
    return (values - low) / ((high - low) or 1)


def _in_words(title: str, labels: Sequence[str], marked: str | None) -> str:
    of = f", {marked} in red" if marked else ""
    return f"Embeddings of {len(labels)} images after {title}{of}"
