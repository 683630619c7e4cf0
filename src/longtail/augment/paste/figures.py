"""Two figures of the paper about one synthesis: correlation before and after (3), distribution before and after (4)."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from longtail.augment.paste.effects import LabelEffects
from longtail.files import written_whole

_BEFORE, _AFTER, _TAIL = "#8A96A3", "#E4572E", "#C2261B"


def draw_correlation(effects: LabelEffects, path: Path) -> None:
    """Both correlation matrices side by side, on one scale."""
    labels = effects.labels
    side = 2.4 + 0.2 * len(labels)
    figure = Figure(figsize=(2 * side + 1, side), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for plot, matrix, rows, word in zip(axes, effects.correlation, effects.rows, ("before", "after"), strict=True):
        shown = plot.imshow(np.ma.masked_invalid(matrix), cmap="RdBu_r", vmin=-1, vmax=1)
        plot.set_title(f"{word}: {rows:,} images", fontsize=10)
        plot.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
        plot.set_yticks(range(len(labels)), labels, fontsize=7)
    figure.colorbar(shown, ax=axes, shrink=0.8, label="Pearson correlation")
    if effects.largest is not None:
        first, second, change = effects.largest
        mean = float(np.nanmean(np.abs(effects.change)))
        figure.suptitle(f"mean change {mean:.3f}; most: {first} and {second}, {change:+.3f}", fontsize=9)
    _save(figure, path)


def draw_distribution(effects: LabelEffects, path: Path) -> None:
    """Images of each label, the most frequent first, on a logarithmic scale; tail labels in red."""
    before, after = effects.counts
    order = np.argsort(before, kind="stable")
    figure = Figure(figsize=(7.5, 1.2 + 0.26 * len(order)), layout="constrained")
    plot = figure.subplots()
    places = np.arange(len(order))
    plot.barh(places + 0.2, before[order], 0.4, color=_BEFORE, label=f"before: {effects.rows[0]:,} images")
    plot.barh(places - 0.2, after[order], 0.4, color=_AFTER, label=f"after: {effects.rows[1]:,} images")
    for place, label in zip(places, order, strict=True):
        text = f" {before[label]:,} to {after[label]:,}"
        plot.text(max(1.0, float(after[label])), float(place), text, va="center", fontsize=7)
    plot.set_xscale("symlog", linthresh=1)
    plot.set_xlim(0, max(10, float(after.max())) * 6)
    plot.set_yticks(places, [effects.labels[label] for label in order], fontsize=8)
    for tick, label in zip(plot.get_yticklabels(), order, strict=True):
        tick.set_color(_TAIL if effects.labels[label] in effects.tail else "black")
    plot.legend(fontsize=8, loc="lower right")
    plot.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with written_whole(path) as beside:
        figure.savefig(beside, dpi=110)
