"""Every chart draws what it is given, within its canvas, on odd input too; the same drawing as SVG, PNG and PDF."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.report.charts.bars import tail_chart
from longtail.report.charts.curves import label_curves, reliability_chart
from longtail.report.charts.differences import difference_chart
from longtail.report.charts.matrix import matrix_chart
from longtail.report.charts.scatter import embedding_chart
from longtail.report.charts.training import training_chart
from longtail.report.curve_points import Reliability, pr_points, reliability_points, roc_points
from longtail.report.drawing import Circle, Drawing, Line, Rect, Text, beside, shortened, text_width
from longtail.report.drawing_file import write_drawing
from longtail.report.svg import inline_svg, svg_text, write_svg

NAN = float("nan")
_STATES = np.array([1, 0, 1, 0, np.nan, 1, 0.0])
_SCORES = np.array([0.9, 0.2, 0.6, 0.7, 0.5, 0.1, 0.3])


def _drawings() -> dict[str, Drawing]:
    curve = [("head", *pr_points(_STATES, _SCORES))]
    bins = reliability_points(_STATES, _SCORES)
    two = [[NAN, 0.5], [0.0, 1.0]]
    words = [["", "3"], ["0", "12"]]
    return {
        "tail": tail_chart(["a", "b<", "c"], [900, 30, 0], ["head", "medium", "tail"], (100, 20), [0.9, NAN, 0.2]),
        "no labels": tail_chart([], [], []),
        "curves": label_curves("a & b", curve, [("head", *roc_points(_STATES, _SCORES))], [("head", *bins[:2])], 0.5),
        "undefined": label_curves("c", [("tail", [], [])], [("tail", [], [])], [("tail", [], [])], NAN),
        "reliability": reliability_chart("r", [("a", "head", bins), ("b", "tail", Reliability(*[np.zeros(0)] * 3))]),
        "training": training_chart("t", {"loss": {"training": ([0, 1], [2, 1]), "validation": ([0], [NAN])},
                                         "learning rate": {"lr": ([0, 1], [1e-3, 1e-5])},
                                         "image size": {"pixels": ([0], [224])}}, 1),
        "nothing trained": training_chart("t", {}),
        "matrix": matrix_chart("m", ["a", "b" * 60], two, words, words, rows="true", columns="said"),
        "differences": difference_chart("d", ["a", "b"], [0.1, NAN], [0.05, NAN], [0.2, NAN], ["head", "tail"],
                                        x_label="x"),
        "no difference": difference_chart("d", ["a"], [0.0], [0.0], [0.0], ["head"], x_label="x"),
        "embeddings": embedding_chart("s", [0, 1, 2], [5, 5, 5], ["a", "b", "a"], "b"),
        "thirty classes": embedding_chart("s", range(31), range(31), [f"class {i:02}" for i in range(30)] + ["a"], "a"),
        "no embeddings": embedding_chart("s", [], [], [], None),
    }  # fmt: skip


def test_long_names_have_room_in_a_wide_font() -> None:
    in_dejavu = {"Subcutaneous Emphysema": 13.62, "Calcification of the Aorta": 12.38, "Mass": 2.52}  # in font sizes
    for name, width in in_dejavu.items():
        assert width <= text_width(name, 1) < 1.15 * width
    drawing = difference_chart("d", list(in_dejavu), [0.1] * 3, [0.0] * 3, [0.2] * 3, ["head"] * 3, x_label="x")
    texts = {shape.text: shape.x for shape in drawing.shapes if isinstance(shape, Text)}
    assert all(texts[name] - 11 * width > 0 for name, width in in_dejavu.items())


@pytest.mark.parametrize("name", list(_drawings()))
def test_a_chart_is_good_xml_within_its_canvas(name: str) -> None:
    drawing = _drawings()[name]
    root = ET.fromstring(svg_text(drawing))
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "nan" not in svg_text(drawing).replace("finding", "")
    ET.fromstring(inline_svg(drawing))
    for shape in drawing.shapes:
        if isinstance(shape, Line):
            points = shape.points
        elif isinstance(shape, Rect):
            points = [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
        else:
            points = [(shape.x, shape.y)]
        assert all(-1 <= x <= drawing.width + 1 and -1 <= y <= drawing.height + 1 for x, y in points), shape


def test_classes_of_embeddings_are_told_apart_and_named() -> None:
    names = [f"class {i}" for i in range(10)]
    shapes = embedding_chart("s", range(10), range(10), names, None).shapes
    dots = [one for one in shapes[2:] if not isinstance(one, Text)]
    looks = [(type(one), len(getattr(one, "points", ())), one.fill) for one in dots]
    assert len(set(looks)) == 10
    assert sorted(looks[:10], key=str) == sorted(looks[10:], key=str)  # of the picture and of its legend
    assert [one.text for one in shapes if isinstance(one, Text)][1:] == names
    assert "alarm" not in {look[2] for look in looks}


def test_one_drawing_in_every_format(tmp_path: Path) -> None:
    drawing = Drawing(120, 60, "all shapes", (
        Rect(2, 2, 40, 20, "head", radius=4, tip="t"), Rect(2, 30, 10, 10, "none", "line"), Circle(60, 20, 5, "tail"),
        Line(((0, 50), (120, 50)), "ink", dash="dash"), Line(((70, 5), (90, 5), (80, 20)), "none", fill="s1"),
        Text(60, 40, "$5 & <more>", angle=-45), Line((), "ink"),
    ))  # fmt: skip
    with Image.open(write_drawing(drawing, tmp_path / "d.png", dpi=96)) as picture:
        assert picture.size == (120, 60)
        red, green, blue = picture.convert("RGB").getpixel((20, 12))
    assert (red, green, blue) == (0, 114, 178)
    assert write_drawing(drawing, tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    text = write_svg(drawing, tmp_path / "d.svg").read_text()
    assert "$5 &amp; &lt;more&gt;" in text
    assert "var(--" not in text
    assert 'fill="var(--head)"' in inline_svg(drawing)


def test_beside_and_shortened() -> None:
    one = Drawing(10, 20, "a", (Circle(5, 5, 1),))
    two = beside([one, one], "both", gap=4)
    assert (two.width, two.height) == (24, 20)
    assert [shape.x for shape in two.shapes] == [5, 19]
    assert beside([], "none").width == 0
    assert shortened("short", 100) == "short"
    assert shortened("a very long label indeed", 60).endswith("…")
    assert shortened("結節影と石灰化", 40) != "結節影と石灰化"
