"""A drawing as PNG or PDF, with matplotlib, pixel for pixel what the page shows."""

import io
import warnings
from pathlib import Path
from typing import Any

from longtail.files import written_whole
from longtail.report.drawing import LIGHT, Circle, Drawing, Line, Rect, Shape, Text

_INCH = 96  # pixels of a page in an inch
_POINT = 72 / _INCH  # of a pixel
_DASHES: dict[str, Any] = {"": "solid", "dash": (0, (4, 2.5)), "dot": (0, (1, 2))}
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def write_drawing(drawing: Drawing, path: Path, *, dpi: int = 300) -> Path:
    """Write a PNG or PDF, as the suffix says."""
    data = io.BytesIO()
    with warnings.catch_warnings():  # labels may be in a script that the font lacks
        warnings.filterwarnings("ignore", message=r"Glyph \d+")
        _figure(drawing).savefig(data, format=path.suffix.lower().lstrip("."), dpi=dpi, facecolor="white")
    with written_whole(path) as beside:
        beside.write_bytes(data.getvalue())
    return path


def _figure(drawing: Drawing) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(drawing.width, 1) / _INCH, max(drawing.height, 1) / _INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for order, shape in enumerate(drawing.shapes):
        _add(axes, shape, order)
    return figure


def _add(axes: Any, shape: Shape, order: int) -> None:
    if isinstance(shape, Text):
        _add_text(axes, shape, order)
    elif isinstance(shape, Line) and shape.fill == "none":
        xs, ys = zip(*shape.points, strict=True) if shape.points else ((), ())
        axes.plot(
            xs, ys, color=LIGHT[shape.stroke], lw=shape.width * _POINT, ls=_DASHES[shape.dash], alpha=shape.opacity,
            zorder=order, solid_joinstyle="round", clip_on=False,
        )  # fmt: skip
    else:
        axes.add_patch(_patch(shape, order))


def _patch(shape: Rect | Circle | Line, order: int) -> Any:
    from matplotlib import patches

    style: dict[str, Any] = {"facecolor": LIGHT[shape.fill], "alpha": shape.opacity, "zorder": order, "clip_on": False}
    edge = "none" if isinstance(shape, Circle) else shape.stroke
    style |= {"edgecolor": LIGHT[edge], "linewidth": 0 if edge == "none" else _POINT}
    if isinstance(shape, Circle):
        return patches.Circle((shape.x, shape.y), shape.radius, **style)
    if isinstance(shape, Line):
        return patches.Polygon(list(shape.points), closed=True, **style)
    radius = min(shape.radius, shape.width / 2, shape.height / 2)
    if not radius:
        return patches.Rectangle((shape.x, shape.y), shape.width, shape.height, **style)
    box = patches.BoxStyle.Round(pad=0, rounding_size=radius)
    return patches.FancyBboxPatch((shape.x, shape.y), shape.width, shape.height, boxstyle=box, **style)


def _add_text(axes: Any, shape: Text, order: int) -> None:
    axes.text(
        shape.x, shape.y, shape.text.replace("$", r"\$"), size=shape.size * _POINT, color=LIGHT[shape.fill],
        ha=_ANCHORS[shape.anchor], va="baseline", weight="bold" if shape.bold else "normal", rotation=-shape.angle,
        rotation_mode="anchor", zorder=order,
    )  # fmt: skip
