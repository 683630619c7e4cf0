"""The small panels of the page: labels per image, views, images per patient, sources, sizes, differences by view."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from longtail.data.audit.inspection import Inspection
from longtail.data.audit.page_style import GREY, SERIES, compact, say, shortened

_MOST_BARS = 7
_MOST_STEPS = 10


class Panel(NamedTuple):
    """A title, a line or a legend under it, what draws into the axes, and whether these need room for numbers."""

    title: str
    subtitle: str
    draw: Callable[[Axes], None]
    scaled: bool = True
    legend: tuple[tuple[str, str], ...] = ()


def panels(inspection: Inspection) -> list[Panel]:
    """The panels for which the manifest has something to show."""
    made = [
        _per_image(inspection),
        _bars("Splits", "images", {name: one.rows for name, one in inspection.by_split.items()}, least=2),
        _bars("Views", "images", {name: one.rows for name, one in inspection.by_view.items()}),
        _by_view(inspection),
        _sizes_of_groups(inspection),
        _bars("Sources", "images", {name: one.rows for name, one in inspection.by_source.items()}, least=2),
        _image_sizes(inspection),
    ]
    return [panel for panel in made if panel]


def _per_image(inspection: Inspection) -> Panel | None:
    if inspection.per_image is None:
        return None
    series = {"images": inspection.per_image.histogram}
    return Panel("Labels per image", f"share of images; {inspection.per_image.cardinality:.2f} on average",
                 lambda axes: _steps(axes, series, start=0))  # fmt: skip


def _sizes_of_groups(inspection: Inspection) -> Panel | None:
    series = {f"images a {role}": one.histogram for role, one in inspection.grouped.items()}
    if inspection.studies_per_patient:
        series["studies a patient"] = inspection.studies_per_patient
    if not series:
        return None
    return Panel("How many belong together", "", lambda axes: _steps(axes, series, start=1),
                 legend=tuple(zip(series, SERIES, strict=False)))  # fmt: skip


def _image_sizes(inspection: Inspection) -> Panel | None:
    headers = inspection.files.headers if inspection.files else None
    if headers is None or not headers.sizes:
        return None
    kinds = ", ".join(list(headers.formats)[:3])
    return _bars("Image sizes", f"{headers.looked_at:,} files looked at ({kinds})", headers.sizes)


def _bars(title: str, subtitle: str, counts: Mapping[str, int], least: int = 1) -> Panel | None:
    return Panel(title, subtitle, lambda axes: _draw_bars(axes, counts), scaled=False) if len(counts) >= least else None


def _draw_bars(axes: Axes, counts: Mapping[str, int]) -> None:
    """Horizontal bars with name, count and share; what does not fit is summed up in the last one."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    shown = ordered[:_MOST_BARS]
    if len(ordered) > _MOST_BARS:
        rest = ordered[_MOST_BARS - 1 :]
        shown = [*ordered[: _MOST_BARS - 1], (f"{len(rest)} others", sum(n for _, n in rest))]
    total, most = sum(counts.values()), max(n for _, n in shown)
    axes.barh(range(len(shown)), [n for _, n in shown], height=0.36, color=SERIES[0], align="edge")
    for row, (name, n) in enumerate(shown):
        say(axes, 0, row - 0.06, shortened(name, 24), va="bottom", fontsize=7.5)
        say(
            axes,
            most * 1.0,
            row - 0.06,
            f"{compact(n)}  {100 * n / total:.3g} %",
            va="bottom",
            ha="right",
            color=GREY,
            fontsize=7,
        )
    axes.set_ylim(max(len(shown), 4) - 0.5, -0.62)
    axes.set_xlim(0, most)
    axes.axis("off")


def _steps(axes: Axes, series: Mapping[str, Mapping[int, int]], start: int) -> None:
    """Grouped columns over small numbers: the share of things with 1, 2, 3 ... of something."""
    top = min(start + _MOST_STEPS - 1, max(max(one) for one in series.values()))
    top = max(top, start + 2)
    width = 0.8 / len(series)
    for number, (histogram, colour) in enumerate(zip(series.values(), SERIES, strict=False)):
        total = sum(histogram.values())
        shares = [100 * histogram.get(k, 0) / total for k in range(start, top)]
        shares.append(100 * sum(n for k, n in histogram.items() if k >= top) / total)
        where = np.arange(start, top + 1) + (number - (len(series) - 1) / 2) * width
        axes.bar(where, shares, width=width * 0.92, color=colour)
    beyond = any(max(one) > top for one in series.values())
    axes.set_xticks(range(start, top + 1), [*map(str, range(start, top)), f"{top}+" if beyond else str(top)])
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))


def _by_view(inspection: Inspection) -> Panel | None:
    """The labels whose prevalence differs most between views."""
    views = {name: one for name, one in list(inspection.by_view.items())[:4] if one.rows >= 20}
    if len(views) < 2:
        return None
    shares = 100 * np.stack([one.prevalence for one in views.values()])
    reach = np.where(np.isfinite(shares).all(axis=0), shares.max(axis=0) - shares.min(axis=0), 0)
    labels = [int(i) for i in np.argsort(-reach, kind="stable")[:6] if reach[i] > 0]
    if not labels:
        return None
    colours = tuple(zip(views, SERIES, strict=False))
    return Panel(
        "Where views differ most", "", lambda axes: _draw_by_view(axes, inspection, shares, labels), False, colours
    )


def _draw_by_view(axes: Axes, inspection: Inspection, shares: npt.NDArray[np.float64], labels: list[int]) -> None:
    """A line for each label with a dot for each view: the share of its images that have the label."""
    most = float(shares[:, labels].max())
    for row, label in enumerate(labels):
        say(axes, 0, row - 0.3, shortened(inspection.labels[label], 26), fontsize=7, va="center")
        axes.plot([0, most * 1.05], [row + 0.12] * 2, color="#E6E9EC", lw=1, zorder=1)
    for one, colour in zip(shares, SERIES, strict=False):
        axes.scatter(one[labels], np.arange(len(labels)) + 0.12, s=22, color=colour, zorder=3, lw=0)
    axes.set_ylim(len(labels) - 0.4, -0.7)
    axes.set_xlim(-most * 0.02, most * 1.08)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
