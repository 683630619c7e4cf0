"""A drawing as a few plain shapes in pixels, so that one figure serves the page, a PNG and a paper's SVG.

Colours are names of the page's palette (`ink`, `head`, `s0` ...): the page's CSS gives them a value for light and for
dark, a file gets the light one. `svg.py` and `drawing_file.py` draw them; nothing here knows how.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Point = tuple[float, float]
Dash = Literal["", "dash", "dot"]
Anchor = Literal["start", "middle", "end"]

# Okabe & Ito's colours, which people with any colour vision tell apart; `s0` on are those of runs and series.
LIGHT = {
    "ink": "#1c2430", "soft": "#5d6b7e", "line": "#d9dfe7", "paper": "#ffffff", "panel": "#f5f7fa", "none": "none",
    "head": "#0072b2", "medium": "#009e73", "tail": "#d55e00", "box": "#ffb000", "alarm": "#c0392b",
    "s0": "#0072b2", "s1": "#d55e00", "s2": "#009e73", "s3": "#a64d84", "s4": "#b08900", "s5": "#56b4e9",
}  # fmt: skip
DARK = {
    "ink": "#e6ebf2", "soft": "#9aa8bb", "line": "#2d3847", "paper": "#12171f", "panel": "#1a212c", "none": "none",
    "head": "#56b4e9", "medium": "#2bc79a", "tail": "#ff8a3d", "box": "#ffb000", "alarm": "#ff6b5e",
    "s0": "#56b4e9", "s1": "#ff8a3d", "s2": "#2bc79a", "s3": "#e08fc0", "s4": "#e3c34a", "s5": "#8fd0ff",
}  # fmt: skip
SERIES = 6


def series(index: int) -> str:
    """The colour of the series of this number."""
    return f"s{index % SERIES}"


@dataclass(frozen=True)
class Rect:
    """A rectangle; `tip` is shown on hovering."""

    x: float
    y: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"
    radius: float = 0
    opacity: float = 1
    tip: str = ""


@dataclass(frozen=True)
class Line:
    """A line through points, in a colour, or (with `fill`) the area inside them."""

    points: Sequence[Point]
    stroke: str = "ink"
    width: float = 1.5
    dash: Dash = ""
    fill: str = "none"
    opacity: float = 1
    tip: str = ""


@dataclass(frozen=True)
class Circle:
    """A dot."""

    x: float
    y: float
    radius: float
    fill: str = "ink"
    opacity: float = 1
    tip: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text; `y` is its base line, `angle` turns it (degrees, clockwise) about its anchor."""

    x: float
    y: float
    text: str
    size: float = 11
    fill: str = "soft"
    anchor: Anchor = "start"
    bold: bool = False
    angle: float = 0


Shape = Rect | Line | Circle | Text


@dataclass(frozen=True)
class Drawing:
    """Shapes on a canvas of `width` x `height` pixels; `title` says what it shows to who cannot see it."""

    width: float
    height: float
    title: str
    shapes: tuple[Shape, ...] = field(default=())

    def moved(self, x: float, y: float) -> tuple[Shape, ...]:
        """The shapes, moved: to lay drawings side by side."""
        return tuple(_moved(shape, x, y) for shape in self.shapes)


def beside(drawings: Sequence[Drawing], title: str, gap: float = 12) -> Drawing:
    """Drawings in one row."""
    shapes: list[Shape] = []
    left = 0.0
    for drawing in drawings:
        shapes += drawing.moved(left, 0)
        left += drawing.width + gap
    return Drawing(max(left - gap, 0), max((d.height for d in drawings), default=0), title, tuple(shapes))


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is in DejaVu Sans, the widest font that pages commonly fall back to."""
    return sum(map(_letter_width, text)) * size * (1.1 if bold else 1)


def _letter_width(letter: str) -> float:
    """In font sizes."""
    if letter in "ijlI ',./:;|!frt()[]-":
        return 0.37
    if letter in "mMwW%@" or ord(letter) > 0x2E7F:  # the latter are Chinese, Japanese and Korean
        return 0.97
    return 0.71 if letter.isupper() else 0.62


def shortened(text: str, width: float, size: float = 11) -> str:
    """A text cut to about `width` pixels, with an ellipsis where it was longer."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _moved(shape: Shape, x: float, y: float) -> Shape:
    if isinstance(shape, Line):
        return replace(shape, points=[(px + x, py + y) for px, py in shape.points])
    return replace(shape, x=shape.x + x, y=shape.y + y)
