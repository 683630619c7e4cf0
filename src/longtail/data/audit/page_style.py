"""How pages look: palette, text and axes placed in inches from the top left. No pyplot, so no global state."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Told apart with any colour vision (after Okabe and Ito), and by lightness too.
GROUP_COLOURS = {"head": "#1F5F99", "medium": "#E3A32B", "tail": "#C4472B"}
SERIES = ("#1F5F99", "#C4472B", "#E3A32B", "#5B4A8A", "#3A8F7B", "#8C8C8C")
INK, GREY, FAINT, PALE = "#22262B", "#6B727A", "#D5D9DE", "#F3F5F7"
ALARM = "#B3261E"
DIVERGING = "RdBu_r"


class Box(NamedTuple):
    """A rectangle in inches; `top` counts from the top of the page."""

    left: float
    top: float
    width: float
    height: float


def add_axes(figure: Figure, box: Box) -> Axes:
    """Quiet axes: no top or right spine, thin grey lines, small text."""
    width, height = figure.get_size_inches()
    rectangle = (box.left / width, 1 - (box.top + box.height) / height, box.width / width, box.height / height)
    axes = figure.add_axes(rectangle)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(labelsize=7.5, colors=GREY, length=2.5, width=0.6, pad=2, which="both")
    axes.tick_params(length=0, which="minor")
    return axes


def write(figure: Figure, left: float, top: float, text: str, **style: Any) -> None:
    """Text at inches from the top left; `$` and `_` mean themselves."""
    width, height = figure.get_size_inches()
    told = {"va": "top", "color": INK, "fontsize": 9, "parse_math": False, **style}
    figure.text(left / width, 1 - top / height, text, **told)


def width_of(figure: Figure, text: str, fontsize: float) -> float:
    """How wide a text will be, in inches."""
    probe = figure.text(0, 0, text, fontsize=fontsize, parse_math=False)
    renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    width = probe.get_window_extent(renderer).width / figure.dpi
    probe.remove()
    return float(width)


def legend(figure: Figure, left: float, top: float, entries: Sequence[tuple[str, str]], width: float) -> None:
    """Coloured squares with their meaning, in a line; a new line where `width` inches are used up."""
    x = left
    for text, colour in entries:
        wide = 0.13 + width_of(figure, text, 7.5)
        if x > left and x + wide > left + width:
            x, top = left, top + 0.15
        write(figure, x, top, "■", fontsize=8, color=colour)
        write(figure, x + 0.13, top, text, fontsize=7.5, color=GREY)
        x += wide + 0.16


def say(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Text in the axes' data coordinates."""
    axes.text(x, y, text, **{"color": INK, "fontsize": 7.5, "va": "center", "parse_math": False, **style})


def shortened(text: str, most: int) -> str:
    """`text` with its end cut off where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def compact(count: float) -> str:
    """1,234 as `1,234`, 123,456 as `123k`, 1,234,567 as `1.2M`."""
    if count < 100_000:
        return f"{count:,.0f}"
    return f"{count / 1e3:,.0f}k" if count < 1e6 else f"{count / 1e6:,.1f}M"
