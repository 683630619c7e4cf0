"""A recipe's graph as a drawing: boxes for stages, arrows for what they hand over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from longtail.report.drawing import Dash, Drawing, Line, Point, Rect, Shape, Text, shortened, text_width
from longtail.report.graph_layout import COLUMN_GAP, Box, layout
from longtail.report.svg import svg_text

EdgeKind = Literal["from", "judged_by", "add", "ensemble"]
_STYLE: dict[str, tuple[str, Dash, str]] = {  # colour, dash, what it says
    "from": ("ink", "", "weights from"),
    "judged_by": ("s3", "dash", "judged by"),
    "add": ("s1", "dot", "adds images of"),
    "ensemble": ("s2", "", "predicts with"),
}
_LINE, _PAD = 15.0, 10.0
_NARROWEST, _WIDEST = 96.0, 230.0


@dataclass(frozen=True)
class Node:
    """A stage: its name and a few short lines about it; `accent` colours its left edge."""

    name: str
    lines: tuple[str, ...] = ()
    accent: str = "s0"


@dataclass(frozen=True)
class Edge:
    """`source` hands something over to `target`: weights (`from`), judgement, images (`add`) or predictions."""

    source: str
    target: str
    kind: EdgeKind = "from"


def graph_svg(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """The graph as the text of an SVG file."""
    return svg_text(graph_drawing(nodes, edges))


def graph_drawing(nodes: Sequence[Node], edges: Sequence[Edge]) -> Drawing:
    """The graph; edges to unknown nodes are left out."""
    known = {node.name for node in nodes}
    edges = [edge for edge in edges if edge.source in known and edge.target in known and edge.source != edge.target]
    places = layout({node.name: _size(node) for node in nodes}, [(e.source, e.target, e.kind) for e in edges])
    shapes: list[Shape] = []
    for edge, ways in zip(edges, places.ways, strict=True):
        shapes += _arrow(edge, ways, edges, places.boxes)
    for node in nodes:
        shapes += _node(node, places.boxes[node.name])
    bottom = max((box.y + box.height for box in places.boxes.values()), default=0)
    right = max((box.x + box.width for box in places.boxes.values()), default=0)
    kinds = [kind for kind in _STYLE if any(edge.kind == kind for edge in edges)]
    legend = _legend(kinds, bottom + 26) if len(kinds) > 1 else []
    width = max(right + 2, sum(text_width(_STYLE[kind][2], 11) + 56 for kind in kinds) if legend else 0)
    return Drawing(width, bottom + (34 if legend else 4), _in_words(nodes, edges), (*shapes, *legend))


def _size(node: Node) -> tuple[float, float]:
    texts = [text_width(node.name, 13, bold=True), *(text_width(line, 11) for line in node.lines)]
    return min(_WIDEST, max(_NARROWEST, *texts) + 2 * _PAD + 6), 2 * _PAD + _LINE * (1 + len(node.lines)) - 3


def _node(node: Node, box: Box) -> list[Shape]:
    left, room = box.x + _PAD + 4, box.width - 2 * _PAD - 2
    shapes: list[Shape] = [
        Rect(box.x, box.y, box.width, box.height, "panel", "line", radius=7),
        Rect(box.x, box.y + 7, 3.5, box.height - 14, node.accent, radius=1.5),
        Text(left, box.y + _PAD + 10, shortened(node.name, room, 13.5), 13, "ink", bold=True),
    ]
    for i, line in enumerate(node.lines, 1):
        shapes.append(Text(left, box.y + _PAD + 10 + _LINE * i, shortened(line, room), 11))
    return shapes


def _arrow(edge: Edge, ways: Sequence[Box], edges: Sequence[Edge], boxes: dict[str, Box]) -> list[Shape]:
    """A curve from the source's right side through its waypoints to the target's left, with a head."""
    source, target = boxes[edge.source], boxes[edge.target]
    kinds = sorted({e.kind for e in edges if e.source == edge.source}, key=list(_STYLE).index)
    into = sorted((e for e in edges if e.target == edge.target), key=lambda e: (boxes[e.source].middle, e.kind))
    at = (source.x + source.width, source.y + source.height * (kinds.index(edge.kind) + 1) / (len(kinds) + 1))
    stop = (target.x - 2, target.y + target.height * (into.index(edge) + 1) / (len(into) + 1))
    points: list[Point] = []
    for way in ways:
        points += [*_bezier(at, (way.x, way.middle)), (way.x + way.width, way.middle)]
        at = points[-1]
    points += _bezier(at, (stop[0] - 5, stop[1]))
    colour, dash, what = _STYLE[edge.kind]
    head = ((stop[0], stop[1]), (stop[0] - 7, stop[1] - 3.5), (stop[0] - 7, stop[1] + 3.5))
    tip = f"{edge.target} {what} {edge.source}"
    return [Line(points, colour, 1.5, dash, tip=tip), Line(head, "none", fill=colour)]


def _bezier(a: Point, d: Point, steps: int = 14) -> list[Point]:
    """A cubic curve that leaves `a` and reaches `d` level."""
    bend = max(COLUMN_GAP * 0.55, (d[0] - a[0]) * 0.5)
    b, c = (a[0] + bend, a[1]), (d[0] - bend, d[1])
    found = []
    for i in range(steps + 1):
        t = i / steps
        w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x, y = (sum(k * p[axis] for k, p in zip(w, (a, b, c, d), strict=True)) for axis in (0, 1))
        found.append((x, y))
    return found


def _legend(kinds: Sequence[str], y: float) -> list[Shape]:
    shapes: list[Shape] = []
    left = 2.0
    for kind in kinds:
        colour, dash, what = _STYLE[kind]
        shapes += [Line(((left, y - 4), (left + 26, y - 4)), colour, 1.5, dash), Text(left + 32, y, what, 11)]
        left += text_width(what, 11) + 56
    return shapes


def _in_words(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    words = [f"{edge.target}: {_STYLE[edge.kind][2]} {edge.source}" for edge in edges]
    return f"Recipe graph of {', '.join(node.name for node in nodes)}. " + "; ".join(words)
