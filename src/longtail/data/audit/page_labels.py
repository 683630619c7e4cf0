"""The upper part of the page: a row for each label, from the most frequent down, and columns that share these rows.

Images per label on a log scale, the share by split, the share of unknowns, and the correlation with the other labels.
"""

from dataclasses import dataclass

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from longtail.data.audit.inspection import Inspection
from longtail.data.audit.inspection_tables import strongest_pairs
from longtail.data.audit.page_style import (
    DIVERGING,
    GREY,
    GROUP_COLOURS,
    INK,
    PALE,
    SERIES,
    Box,
    add_axes,
    compact,
    legend,
    say,
    shortened,
    width_of,
    write,
)

_HEADER, _FOOTER = 0.62, 0.3  # inches over the rows for titles, and under them for ticks
_GAP = 0.3
_SCALE = 0.5  # the colour bar and its numbers
_LONGEST_NAME = 26  # characters


@dataclass(frozen=True)
class Rows:
    """Labels in the order of the page, and how tall a row is (inches)."""

    order: npt.NDArray[np.intp]
    height: float

    @property
    def total(self) -> float:
        """Inches of all rows."""
        return self.height * len(self.order)

    @property
    def font(self) -> float:
        """Points that fit into a row."""
        return float(np.clip(self.height * 72 * 0.68, 5.0, 9.0))

    @property
    def named(self) -> range:
        """Every label, or every n-th one where rows are too thin for all names."""
        return range(0, len(self.order), max(1, int(np.ceil(0.1 / self.height))))


def rows_of(inspection: Inspection) -> Rows:
    """All labels, most frequent first; rows shrink as labels grow many."""
    order = np.argsort(-inspection.tail.counts.positive, kind="stable")
    return Rows(order, float(np.clip(5.6 / len(order), 6.0 / max(len(order), 40), 0.42)))


def labels_height(inspection: Inspection) -> float:
    """Inches that `draw_labels` takes."""
    rows = rows_of(inspection)
    return _HEADER + rows.total + (_names_depth(inspection, rows) if inspection.relations else _FOOTER)


def draw_labels(figure: Figure, inspection: Inspection, box: Box) -> None:
    """All columns, from left to right; what the manifest lacks gives its room to the bars."""
    rows = rows_of(inspection)
    top, right = box.top + _HEADER, box.left + box.width
    if inspection.relations is not None and len(rows.order) > 1:
        block = max(rows.total + _SCALE, 2.2)
        _draw_correlation(figure, inspection, rows, Box(right - block, top, rows.total, rows.total))
        right -= block + _GAP
    if inspection.counts.unknown.any():
        _draw_unknown(figure, inspection, rows, Box(right - 0.9, top, 0.9, rows.total))
        right -= 0.9 + _GAP
    if inspection.by_split:
        _draw_splits(figure, inspection, rows, Box(right - 1.8, top, 1.8, rows.total))
        right -= 1.8 + _GAP
    names = _names_width(figure, inspection, rows)
    _draw_tail(figure, inspection, rows, Box(box.left + names, top, right - box.left - names, rows.total))
    if inspection.relations is not None:
        under = top + rows.total + _FOOTER + 0.05
        _write_pairs(figure, inspection, Box(box.left, under, right - box.left, box.top + box.height - under))


def _draw_tail(figure: Figure, inspection: Inspection, rows: Rows, box: Box) -> None:
    tail = inspection.tail
    counts = tail.counts.positive[rows.order]
    groups = [tail.groups[i] for i in rows.order]
    axes = _row_axes(figure, box, rows)
    axes.set_xscale("log")
    low, high = 0.7, max(int(counts.max()), 10)
    axes.barh(range(len(counts)), np.maximum(counts - low, 0), left=low, height=0.74,
              color=[GROUP_COLOURS[group] for group in groups])  # fmt: skip
    axes.set_xlim(low, high * (high / low) ** 0.12)
    _draw_boundaries(axes, inspection, len(counts))
    for row in rows.named:
        name = shortened(inspection.labels[rows.order[row]], _LONGEST_NAME)
        say(axes, low, row, f"{name}  ", ha="right", fontsize=rows.font)
        label = axes.annotate(f"{counts[row]:,}", (max(int(counts[row]), low), row), xytext=(3, 0), va="center",
            textcoords="offset points", fontsize=rows.font - 0.5, color=GREY if counts[row] else GROUP_COLOURS["tail"],
            bbox={"fc": PALE if row % 2 == 0 else "white", "ec": "none", "pad": 0.6})  # fmt: skip
        label.set_zorder(2)  # over the boundaries, which stay behind the bars
    axes.xaxis.set_major_locator(LogLocator(base=10))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    _title(figure, box, "Images of each label" + (", in training" if tail.counted_on != "all rows" else ""))
    entries = [(_group_words(inspection, name), colour) for name, colour in GROUP_COLOURS.items()]
    legend(figure, box.left, box.top - 0.27, entries, box.width)


def _group_words(inspection: Inspection, group: str) -> str:
    edges = inspection.tail.boundaries
    where = {"head": f" > {edges.head:,}", "medium": "", "tail": f" < {edges.tail:,}"}[group]
    return f"{group}{where}: {inspection.tail.groups.count(group)}"


def _draw_boundaries(axes: Axes, inspection: Inspection, labels: int) -> None:
    low, high = axes.get_xlim()
    for edge, group in ((inspection.tail.boundaries.head, "head"), (inspection.tail.boundaries.tail, "tail")):
        if low < edge < high:
            axes.plot([edge, edge], [-0.5, labels - 0.5], color=GROUP_COLOURS[group], lw=1, ls=(0, (4, 3)), zorder=0.5)


def _draw_splits(figure: Figure, inspection: Inspection, rows: Rows, box: Box) -> None:
    axes = _row_axes(figure, box, rows)
    splits = list(inspection.by_split)[:5]
    shares = np.stack([100 * inspection.by_split[split].prevalence[rows.order] for split in splits])
    seen = shares[np.isfinite(shares) & (shares > 0)]
    low = 10 ** np.floor(np.log10(seen.min())) if len(seen) else 0.1
    axes.set_xscale("log")
    axes.set_xlim(low / 1.6, (seen.max() if len(seen) else 1.0) * 1.7)
    drawn = np.where(shares > 0, shares, low / 1.3)
    where = np.arange(shares.shape[1])
    size = float(np.clip(rows.height * 60, 6, 24))
    for number, (share, dots, colour) in enumerate(zip(shares, drawn, SERIES, strict=False)):
        none, lifted = share == 0, where + (number - (len(splits) - 1) / 2) * 0.6 / len(splits)
        axes.scatter(dots[~none], lifted[~none], s=size, color=colour, zorder=3, lw=0)
        axes.scatter(dots[none], lifted[none], s=size, facecolors="white", edgecolors=colour, zorder=3, lw=1)
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    axes.xaxis.set_minor_locator(NullLocator())
    _title(figure, box, "Share by split" + (" (○ none)" if (shares == 0).any() else ""))
    legend(figure, box.left, box.top - 0.27, list(zip(splits, SERIES, strict=False)), box.width)


def _draw_unknown(figure: Figure, inspection: Inspection, rows: Rows, box: Box) -> None:
    axes = _row_axes(figure, box, rows)
    shares = 100 * inspection.counts.unknown_rate[rows.order]
    most = max(float(shares.max()), 1e-9)
    axes.barh(range(len(shares)), shares, height=0.74, color="#9AA3AD")
    axes.set_xlim(0, most * 1.45)
    for row in rows.named:
        text = "0" if shares[row] == 0 else f"{shares[row]:.0f}" if shares[row] >= 9.95 else f"{shares[row]:.1g}"
        say(axes, float(shares[row]), row, f" {text}", fontsize=rows.font - 0.5, color=GREY)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(2, integer=most > 4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    _title(figure, box, "Unknown (%)")


def _draw_correlation(figure: Figure, inspection: Inspection, rows: Rows, box: Box) -> None:
    assert inspection.relations is not None
    matrix = inspection.relations.correlation[np.ix_(rows.order, rows.order)].copy()
    np.fill_diagonal(matrix, np.nan)
    most = max(0.1, float(np.nanmax(np.abs(matrix)))) if np.isfinite(matrix).any() else 0.1
    colours = matplotlib.colormaps[DIVERGING].with_extremes(bad="#E4E7EA")
    axes = add_axes(figure, box)
    axes.spines[:].set_visible(False)
    picture = axes.imshow(matrix, cmap=colours, vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    axes.set_yticks([])
    axes.set_xticks([])
    for row in rows.named:
        name = shortened(inspection.labels[rows.order[row]], _LONGEST_NAME)
        say(axes, row, len(rows.order) - 0.5, f"{name} ", rotation=90, ha="center", va="top", fontsize=rows.font)
    if len(rows.order) <= 14:
        _write_values(axes, matrix, most, rows.font)
    scale = add_axes(figure, Box(box.left + box.width + 0.1, box.top, 0.1, box.height))
    bar = figure.colorbar(picture, cax=scale)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, colors=GREY, length=2)
    _title(figure, box, "Correlation of labels")
    write(figure, box.left, box.top - 0.27, "Pearson, where both are known", fontsize=7.5, color=GREY)


def _write_values(axes: Axes, matrix: npt.NDArray[np.float64], most: float, font: float) -> None:
    for (row, column), value in np.ndenumerate(matrix):
        if np.isfinite(value):
            ink = "white" if abs(value) > 0.6 * most else INK
            text = f"{value + 0.0:.2f}".replace("0.", ".").replace("-.00", ".00").replace("-", "−")
            say(axes, column, row, text, ha="center", fontsize=font - 1.5, color=ink)


def _row_axes(figure: Figure, box: Box, rows: Rows) -> Axes:
    """Axes with a line for each label, the first on top, and pale bands to lead the eye across."""
    axes = add_axes(figure, box)
    axes.set_ylim(len(rows.order) - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for row in range(0, len(rows.order), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=PALE, zorder=0, lw=0)
    axes.set_axisbelow(True)
    return axes


def _write_pairs(figure: Figure, inspection: Inspection, box: Box) -> None:
    """The strongest correlations in words, in the room that the names under the matrix leave."""
    relations, lines = inspection.relations, int((box.height - 0.25) / 0.165)
    pairs = strongest_pairs(inspection, most=min(lines, 7))
    if relations is None or lines < 2 or len(inspection.labels) < 4:
        return
    write(figure, box.left, box.top, "Strongest pairs", fontsize=9.5, weight="bold")
    for number, (a, b) in enumerate(pairs):
        top, value = box.top + 0.25 + number * 0.165, relations.correlation[a, b]
        write(figure, box.left, top, f"{value:+.2f}".replace("-", "−"), fontsize=8, weight="bold",
              color=SERIES[1] if value > 0 else SERIES[0])  # fmt: skip
        both = f"{inspection.labels[a]}  and  {inspection.labels[b]}:  {relations.together[a, b]:,} images have both"
        write(figure, box.left + 0.45, top, shortened(both, int(box.width * 15)), fontsize=8, color=INK)


def _title(figure: Figure, box: Box, text: str) -> None:
    write(figure, box.left, box.top - 0.5, text, fontsize=9.5, weight="bold")


def _names_width(figure: Figure, inspection: Inspection, rows: Rows) -> float:
    longest = sorted((shortened(name, _LONGEST_NAME) for name in inspection.labels), key=len)[-5:]
    return 0.12 + max(width_of(figure, name, rows.font) for name in longest)


def _names_depth(inspection: Inspection, rows: Rows) -> float:
    """Inches under the matrix for names on end; a guess by length, since no figure is there yet to measure in."""
    longest = min(_LONGEST_NAME, max(len(name) for name in inspection.labels))
    return max(_FOOTER, 0.15 + longest * rows.font * 0.0082)
