"""The recipe's graph: every stage and arrow drawn, boxes apart, arrows forward, odd graphs harmless."""

import itertools
import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.report.graph_layout import layout
from longtail.report.graph_svg import Edge, Node, graph_drawing, graph_svg

_PAPER = [(0, 2), (0, 3), (1, 4), (0, 5), (0, 6), (3, 7)]


def _stage_training() -> tuple[list[Node], list[Edge]]:
    nodes = [Node(f"model{i}", ("224 px", "batch 64")) for i in range(8)]
    edges = [Edge(f"model{a}", f"model{b}") for a, b in _PAPER]
    return nodes, edges + [Edge("model2", f"model{i}", "judged_by") for i in (3, 4, 5, 6, 7)]


def test_every_stage_and_edge_is_there() -> None:
    nodes, edges = _stage_training()
    text = graph_svg(nodes, edges)
    ET.fromstring(text)
    assert all(f">{node.name}<" in text for node in nodes)
    assert text.count("<polyline") == len(edges) + 2  # and the legend's two
    assert "model7 judged by model2" in text
    assert "weights from" in text


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20))
def test_boxes_stand_apart_and_arrows_go_right(pairs: list[tuple[int, int]]) -> None:
    edges = [(f"{min(p)}", f"{max(p)}", "from") for p in pairs if p[0] != p[1]]
    sizes = {f"{i}": (100.0, 40.0 + i) for i in range(9)}
    places = layout(sizes, edges)
    boxes = places.boxes
    for a, b in itertools.combinations(boxes.values(), 2):
        assert a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
    assert all(boxes[a].x < boxes[b].x for a, b, _ in edges)
    for way in itertools.chain.from_iterable(places.ways):
        for box in boxes.values():  # a long arrow passes between boxes, never through one
            assert (
                way.x + way.width <= box.x or box.x + box.width <= way.x or not box.y < way.middle < box.y + box.height
            )


def test_odd_graphs() -> None:
    assert graph_drawing([], []).shapes == ()
    alone = graph_drawing([Node("a <b>")], [Edge("a <b>", "gone"), Edge("a <b>", "a <b>")])
    assert "&lt;b&gt;" in graph_svg([Node("a <b>")], [])
    assert alone.height > 0
    cycle = graph_drawing([Node("a"), Node("b")], [Edge("a", "b"), Edge("b", "a", "add")])
    assert cycle.width > 0
