"""The audit as one picture: facts, the long tail label by label, small panels, example images.

Sections stand one under the other and take the room they need; what a manifest lacks takes none.
"""

import warnings
from pathlib import Path
from typing import Any, TypeVar

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from longtail.data.audit.inspection import Inspection
from longtail.data.audit.inspection_tables import facts
from longtail.data.audit.page_images import Example, draw_examples, examples
from longtail.data.audit.page_labels import draw_labels, labels_height
from longtail.data.audit.page_panels import Panel, panels
from longtail.data.audit.page_style import ALARM, FAINT, GREY, INK, Box, add_axes, legend, shortened, write
from longtail.data.manifest import Manifest
from longtail.files import written_whole

_WIDTH, _MARGIN, _DPI = 16.0, 0.5, 110
_INNER = _WIDTH - 2 * _MARGIN
_TITLE, _TILES, _PANELS, _EXAMPLES, _SPACE = 0.75, 0.8, 2.45, 1.95, 0.25
_PER_ROW, _EXAMPLES_PER_ROW, _TILES_PER_ROW = 6, 11, 11
_BETWEEN = 0.35
T = TypeVar("T")


def draw_page(inspection: Inspection, manifest: Manifest, path: Path, *, images: bool = True) -> None:
    """Write the page as a PNG, 16 inches wide at 110 dpi; `images=False` leaves out the examples."""
    shown = examples(inspection, manifest, _EXAMPLES_PER_ROW) if images else []
    small = panels(inspection)
    with warnings.catch_warnings():  # labels may be in a script that the font lacks: boxes are drawn, no need to say so
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        figure = _compose(inspection, small, shown)
        with written_whole(path) as beside:
            figure.savefig(beside, format="png")


def _compose(inspection: Inspection, small: list[Panel], shown: list[Example]) -> Figure:
    lines = _halved(small, _PER_ROW)
    label_rows = labels_height(inspection)
    tiles = len(_tile_lines(inspection)) * (_TILES - 0.15) + 0.2
    height = _MARGIN + _TITLE + tiles + label_rows + _SPACE + len(lines) * (_PANELS + _SPACE) + 0.3
    figure = Figure(figsize=(_WIDTH, height + (_EXAMPLES + _SPACE if shown else 0)), dpi=_DPI, facecolor="white")
    top = _draw_title(figure, inspection, _MARGIN)
    top = _draw_tiles(figure, inspection, top)
    draw_labels(figure, inspection, Box(_MARGIN, top, _INNER, label_rows))
    top += label_rows + _SPACE
    for line in lines:
        _draw_panels(figure, line, top)
        top += _PANELS + _SPACE
    if shown:
        _draw_strip(figure, inspection, shown, top)
    return figure


def _draw_title(figure: Figure, inspection: Inspection, top: float) -> float:
    name = Path(inspection.file).name if inspection.file else "manifest"
    task = "several labels per image" if inspection.task == "multilabel" else "one label per image"
    write(figure, _MARGIN, top - 0.1, name, fontsize=19, weight="bold")
    where = f"   ·   {shortened(str(Path(inspection.file).parent), 90)}" if inspection.file else ""
    write(figure, _MARGIN + _INNER, top + 0.02, f"{task}{where}", fontsize=9, color=GREY, ha="right")
    return top + _TITLE - 0.25


def _draw_tiles(figure: Figure, inspection: Inspection, top: float) -> float:
    for line in _tile_lines(inspection):
        each = _INNER / max(len(line), 8)
        for number, (name, value, alarming) in enumerate(line):
            left = _MARGIN + number * each
            write(figure, left, top, value, fontsize=16, weight="bold", color=ALARM if alarming else INK)
            write(figure, left, top + 0.3, name, fontsize=8, color=GREY)
        top += _TILES - 0.15
    _draw_rule(figure, top - 0.05)
    return top + 0.2


def _tiles(inspection: Inspection) -> list[tuple[str, str, bool]]:
    """The facts that fit a tile, with whether each is a reason to worry, and the problems."""
    tiles: list[tuple[str, str, bool]] = []
    for name, value in facts(inspection):
        bad = any(word in name for word in ("2+ splits", "missing", "unreadable", "without"))
        if name == "unknown cells" and value == "0 %":
            continue
        if name in ("formats", "modes", "sizes") or (bad and not value and not name.startswith(("patient", "missing"))):
            continue
        shown = len(inspection.labels) if name == "labels" else value  # their names stand below
        tiles.append((name, _tile_text(shown), bad and bool(value)))
    errors = len(inspection.errors)
    warned = len(inspection.problems) - errors
    return [*tiles, ("errors", str(errors), errors > 0), ("warnings", str(warned), False)]


def _tile_text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _tile_lines(inspection: Inspection) -> list[list[tuple[str, str, bool]]]:
    return _halved(_tiles(inspection), _TILES_PER_ROW)


def _draw_rule(figure: Figure, top: float) -> None:
    width, height = figure.get_size_inches()
    where = [_MARGIN / width, 1 - _MARGIN / width], [1 - top / height] * 2
    figure.add_artist(Line2D(*where, color=FAINT, lw=0.8))


def _halved(things: list[T], most: int) -> list[list[T]]:
    """Things in one line, or in two of nearly equal length when they are more than `most`."""
    if len(things) <= most:
        return [things] if things else []
    half = (len(things) + 1) // 2
    return [things[:half], things[half:]]


def _draw_panels(figure: Figure, line: list[Panel], top: float) -> None:
    each = min(_INNER / len(line), _INNER / 3)
    for number, panel in enumerate(line):
        left = _MARGIN + number * each
        write(figure, left, top, panel.title, fontsize=9.5, weight="bold")
        write(figure, left, top + 0.21, panel.subtitle, fontsize=7.5, color=GREY)
        legend(figure, left, top + 0.21, panel.legend, each - _BETWEEN)
        inset = 0.38 if panel.scaled else 0.0
        panel.draw(add_axes(figure, Box(left + inset, top + 0.58, each - inset - _BETWEEN, _PANELS - 0.83)))


def _draw_strip(figure: Figure, inspection: Inspection, shown: list[Example], top: float) -> None:
    write(figure, _MARGIN, top, "An image of each label: the most frequent and the rarest", fontsize=9.5, weight="bold")
    draw_examples(figure, inspection, shown, Box(_MARGIN, top + 0.27, _INNER, 1.5), _INNER / _EXAMPLES_PER_ROW)
