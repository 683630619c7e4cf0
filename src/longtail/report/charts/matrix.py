"""A matrix of labels by labels as coloured cells: confusion, or errors that go together."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from longtail.report.drawing import Drawing, Rect, Shape, Text, shortened, text_width


def matrix_chart(
    title: str, labels: Sequence[str], shares: Any, texts: Sequence[Sequence[str]], tips: Sequence[Sequence[str]],
    *, rows: str, columns: str, colour: str = "head", width: float = 1000,
) -> Drawing:  # fmt: skip
    """`shares` `(C, C)` in 0..1 (nan: empty) colour the cells; `texts` are written in them where there is room."""
    count = max(len(labels), 1)
    size = 11.0 if count <= 30 else 9.0
    room = min(190.0, max((text_width(label, size) for label in labels), default=0) + 10)
    side = max(9.0, min(52.0, (width - room - 60) / count))
    names = [shortened(label, room - 8, size) for label in labels]
    left, top = room + 20, room * 0.72 + 26
    shapes: list[Shape] = [
        Text(left, 12, columns + " →", 11), Text(11, top + 4, rows + " →", 11, anchor="end", angle=-90),
    ]  # fmt: skip
    for i, name in enumerate(names):
        shapes.append(Text(left - 6, top + (i + 0.5) * side + size * 0.35, name, size, "ink", "end"))
        shapes.append(Text(left + (i + 0.5) * side + 3, top - 6, name, size, "ink", angle=-45))
    values = np.asarray(shares, dtype=np.float64)
    for i in range(len(labels)):
        for j in range(len(labels)):
            shapes += _cell(left + j * side, top + i * side, side, values[i, j], texts[i][j], tips[i][j], colour)
    return Drawing(left + count * side + room * 0.7, top + count * side + 6, title, tuple(shapes))


def _cell(x: float, y: float, side: float, share: float, text: str, tip: str, colour: str) -> list[Shape]:
    shapes: list[Shape] = []
    if share == share and share > 0.004:
        ground = Rect(x + 0.5, y + 0.5, side - 1, side - 1, colour, radius=2, opacity=0.08 + 0.92 * share, tip=tip)
        shapes.append(ground)
    elif side >= 16 or share != share:
        shapes.append(Rect(x + 0.5, y + 0.5, side - 1, side - 1, "panel", radius=2, tip=tip))
    if text and side >= 22 and text_width(text, 10) <= side - 2:
        ink = "paper" if share > 0.55 else "ink"
        shapes.append(Text(x + side / 2, y + side / 2 + 3.6, text, 10, ink, "middle"))
    return shapes
