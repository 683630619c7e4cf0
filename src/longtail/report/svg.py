"""A drawing as SVG text: inline in a page (colours by CSS variables, so they follow light and dark) or a file."""

from collections.abc import Callable
from html import escape
from pathlib import Path

from markupsafe import Markup

from longtail.files import write_text
from longtail.report.drawing import LIGHT, Circle, Drawing, Line, Rect, Shape, Text

_DASHES = {"": "", "dash": ' stroke-dasharray="5 3"', "dot": ' stroke-dasharray="1.5 3" stroke-linecap="round"'}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_Ink = Callable[[str], str]


def inline_svg(drawing: Drawing) -> Markup:
    """The drawing for a page whose CSS defines its palette; a screen reader reads the title alone."""
    size = f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}" style="max-width:{_n(drawing.width)}px"'
    label = escape(_plain(drawing.title))
    return Markup(  # every text in it is escaped
        f'<svg class="chart" role="img" aria-label="{label}" {size}>{_shapes(drawing, _variable)}</svg>'
    )


def svg_text(drawing: Drawing) -> str:
    """The drawing as a file of its own, in the light colours on white."""
    width, height = _n(drawing.width), _n(drawing.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="{_FONT}"><title>{escape(_plain(drawing.title))}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{_shapes(drawing, LIGHT.__getitem__)}</svg>\n'
    )


def write_svg(drawing: Drawing, path: Path) -> Path:
    """Write the drawing as an SVG file."""
    write_text(path, svg_text(drawing))
    return path


def _variable(colour: str) -> str:
    return colour if colour == "none" else f"var(--{colour})"


def _shapes(drawing: Drawing, ink: _Ink) -> str:
    return "".join(_shape(shape, ink) for shape in drawing.shapes)


def _shape(shape: Shape, ink: _Ink) -> str:
    if isinstance(shape, Text):
        return _text(shape, ink)
    kind = _rect(shape, ink) if isinstance(shape, Rect) else _circle(shape, ink) if isinstance(shape, Circle) else None
    start = kind or _line(shape, ink)  # type: ignore[arg-type]  # the last kind there is
    if shape.opacity < 1:
        start += f' opacity="{shape.opacity:.2g}"'
    if not shape.tip:
        return f"<{start}/>"
    name = start.partition(" ")[0]
    return f"<{start}><title>{escape(_plain(shape.tip))}</title></{name}>"


def _rect(shape: Rect, ink: _Ink) -> str:
    round_ = f' rx="{_n(shape.radius)}"' if shape.radius else ""
    edge = f' stroke="{ink(shape.stroke)}"' if shape.stroke != "none" else ""
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
    return f'rect {place} fill="{ink(shape.fill)}"{edge}{round_}'


def _circle(shape: Circle, ink: _Ink) -> str:
    return f'circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}" fill="{ink(shape.fill)}"'


def _line(shape: Line, ink: _Ink) -> str:
    steps = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
    stroke = f' stroke="{ink(shape.stroke)}" stroke-width="{_n(shape.width)}"' if shape.stroke != "none" else ""
    name = "polyline" if shape.fill == "none" else "polygon"
    return f'{name} points="{steps}" fill="{ink(shape.fill)}"{stroke}{_DASHES[shape.dash]}'


def _text(shape: Text, ink: _Ink) -> str:
    anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
    bold = ' font-weight="600"' if shape.bold else ""
    turn = f' transform="rotate({_n(shape.angle)} {_n(shape.x)} {_n(shape.y)})"' if shape.angle else ""
    start = f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" fill="{ink(shape.fill)}"'
    return f"{start}{anchor}{bold}{turn}>{escape(_plain(shape.text))}</text>"


def _n(number: float) -> str:
    """A number with at most one decimal: a tenth of a pixel is finer than any screen."""
    return f"{number:.1f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"


def _plain(text: str) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")
