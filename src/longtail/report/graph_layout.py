"""Where the boxes of a graph stand: columns by what they wait for, long edges led between the boxes of other columns.

Layers by longest path; edges over several layers get a thin waypoint in each, shared by edges of one source and kind;
then a few sweeps put each box near the mean of its neighbours (the barycentre rule of Sugiyama et al. 1981), which is
plenty for graphs of a dozen stages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

COLUMN_GAP, ROW_GAP, TOP = 64.0, 20.0, 8.0
_WAYPOINT = 4.0  # its height


@dataclass(frozen=True)
class Box:
    """A node's place."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return self.y + self.height / 2


@dataclass
class Layout:
    """Boxes by name, and for each edge (source, target, kind) the boxes of its waypoints, left to right."""

    boxes: dict[str, Box]
    ways: list[list[Box]] = field(default_factory=list)


Edge = tuple[str, str, str]  # source, target, kind
_Steps = list[tuple[str, str, float]]  # source, target, weight


def layout(sizes: Mapping[str, tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Places for nodes of these sizes (width, height); cycles, which a recipe cannot have, do no harm."""
    depth = _depths(list(sizes), edges)
    chains = [_chain(edge, depth) for edge in edges]
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for name, level in depth.items():
        columns[level].append(name)
    for chain, edge in zip(chains, edges, strict=True):
        for level, way in enumerate(chain[1:-1], depth[edge[0]] + 1):
            if way not in columns[level]:
                columns[level].append(way)
    steps = [(a, b, 2.0 if edge[2] == "from" else 1.0) for chain, edge in zip(chains, edges, strict=True)
             for a, b in pairwise(chain)]  # fmt: skip
    boxes = _placed(_ordered(columns, steps), sizes, steps)
    ways = [[boxes[way] for way in chain[1:-1]] for chain in chains]
    return Layout({name: boxes[name] for name in sizes}, ways)


def _depths(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Each node's layer: the longest way to it, without gaps."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for source, target, _kind in edges:
            depth[target] = max(depth[target], min(depth[source] + 1, len(names) - 1))
    used = {level: place for place, level in enumerate(sorted(set(depth.values())))}
    return {name: used[level] for name, level in depth.items()}


def _chain(edge: Edge, depth: Mapping[str, int]) -> list[str]:
    source, target, kind = edge
    between = range(depth[source] + 1, depth[target])
    return [source, *(f"\0{source}\0{kind}\0{level}" for level in between), target]


def _ordered(columns: list[list[str]], steps: _Steps) -> list[list[str]]:
    """The order with the fewest crossings that a few sweeps, there and back, came by."""
    best, fewest = [list(column) for column in columns], _crossings(columns, steps)
    for sweep in range(12):
        order = columns if sweep % 2 == 0 else columns[::-1]
        near = steps if sweep % 2 == 0 else [(b, a, weight) for a, b, weight in steps]
        for column in order[1:]:
            place = _places(columns)
            column.sort(key=lambda name: _mean(name, near, place))
        if (found := _crossings(columns, steps)) < fewest:
            best, fewest = [list(column) for column in columns], found
    return best


def _places(columns: list[list[str]]) -> dict[str, float]:
    return {name: (i + 0.5) / len(column) for column in columns for i, name in enumerate(column)}


def _mean(name: str, steps: _Steps, place: Mapping[str, float]) -> float:
    near = [(place[a], weight) for a, b, weight in steps if b == name]
    return sum(at * weight for at, weight in near) / sum(weight for _, weight in near) if near else place[name]


def _crossings(columns: list[list[str]], steps: _Steps) -> int:
    rank = {name: (level, i) for level, column in enumerate(columns) for i, name in enumerate(column)}
    pairs = [(rank[a], rank[b]) for a, b, _ in steps]
    return sum(
        p[0][0] == q[0][0] and p[1][0] == q[1][0] and (p[0][1] - q[0][1]) * (p[1][1] - q[1][1]) < 0
        for i, p in enumerate(pairs) for q in pairs[:i]
    )  # fmt: skip


def _placed(columns: list[list[str]], sizes: Mapping[str, tuple[float, float]], steps: _Steps) -> dict[str, Box]:
    """Columns left to right; each box as near to its neighbours' height as the boxes above it allow."""
    height = {name: sizes[name][1] if name in sizes else _WAYPOINT for column in columns for name in column}
    tall = max((_total(column, height) for column in columns), default=0)
    boxes: dict[str, Box] = {}
    left = 1.0
    for column in columns:
        width = max((sizes[name][0] for name in column if name in sizes), default=0)
        top = TOP + (tall - _total(column, height)) / 2
        for name in column:
            wide = sizes[name][0] if name in sizes else width
            boxes[name] = Box(left, top, wide if name not in sizes else width, height[name])
            top += height[name] + ROW_GAP
        left += width + COLUMN_GAP
    return _straightened(columns, boxes, steps, TOP, TOP + tall)


def _straightened(
    columns: list[list[str]], boxes: dict[str, Box], steps: _Steps, top: float, bottom: float
) -> dict[str, Box]:
    """Boxes moved towards their neighbours' mean height, in order and without touching."""
    for sweep in range(8):
        for column in columns if sweep % 2 else columns[::-1]:
            _settle(column, [_wish(name, boxes, steps) for name in column], boxes, top, bottom)
    return boxes


def _wish(name: str, boxes: Mapping[str, Box], steps: _Steps) -> float:
    """Where a box's upper edge would be if its middle were at the mean of its neighbours'."""
    near = [(boxes[b if a == name else a].middle, weight) for a, b, weight in steps if name in (a, b)]
    if not near:
        return boxes[name].y
    return sum(at * weight for at, weight in near) / sum(weight for _, weight in near) - boxes[name].height / 2


def _settle(column: Sequence[str], tops: list[float], boxes: dict[str, Box], top: float, bottom: float) -> None:
    """Put a column's boxes as near to `tops` as they may: in order, apart, within the picture."""
    room, floor = bottom, top
    for i in reversed(range(len(column))):  # no lower than the one below allows
        tops[i] = min(tops[i], room - boxes[column[i]].height)
        room = tops[i] - ROW_GAP
    for name, wished in zip(column, tops, strict=True):
        boxes[name] = replace(boxes[name], y=max(wished, floor))
        floor = boxes[name].y + boxes[name].height + ROW_GAP


def _total(column: Sequence[str], height: Mapping[str, float]) -> float:
    return sum(height[name] for name in column) + ROW_GAP * (len(column) - 1)
