"""The report on one or several runs: one HTML file that opens from disk and asks nothing of a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.files import write_text
from longtail.report.charts.differences import difference_chart
from longtail.report.drawing import Drawing
from longtail.report.gallery import gallery
from longtail.report.heat_source import HeatMaps, heat_source
from longtail.report.page import render
from longtail.report.paired import Difference, paired_difference
from longtail.report.provenance import before_after, command_of, decision_lines, environment_lines
from longtail.report.run_folder import RunFolder, read_run
from longtail.report.run_numbers import numbers
from longtail.report.run_view import RunView, curves_of_labels, facts_of, run_view
from longtail.report.saving import write_figures, write_tables
from longtail.report.scoring import manifest_of, score
from longtail.report.svg import inline_svg


@dataclass(frozen=True)
class Comparison:
    """One run against the first: paired differences of AP and AUROC, drawn; None where rows or labels differ."""

    name: str
    ap: Difference | None
    auroc: Difference | None
    chart: Drawing | None


def report(
    *runs: str | Path,
    out: str | Path | None = None,
    manifest: str | Path | None = None,
    split: str | None = None,
    heatmaps: str | Path | HeatMaps | None = None,
    figures: str | Path | None = None,
    tables: str | Path | None = None,
    anonymous: bool = False,
    mistakes: int = 24,
    resamples: int = 1000,
    seed: int = 0,
    on_progress: Callable[[int], object] | None = None,
) -> Path:
    """Write the report on `runs` to `out` (default: `report.html` in the first run's folder); returns its path.

    `figures` and `tables` are folders for PNG and SVG, and for CSV and LaTeX. `anonymous` leaves out every identifier;
    `mistakes=0` every image. `on_progress` hears of `work(runs, resamples)` steps.
    """
    if not runs:
        raise UserError("a report needs a run; name the --out folder of 'longtail fit'.")
    folders = _named_apart([read_run(run) for run in runs])
    options: dict[str, Any] = {"resamples": resamples, "seed": seed}
    each: dict[str, Any] = {"manifest": manifest, "split": split, "on_progress": on_progress}
    views = [_view(run, i, len(runs) > 1, **each, **options) for i, run in enumerate(folders)]
    for view in views:
        _add_gallery(view, heatmaps, mistakes // len(views) if mistakes else 0, anonymous=anonymous)
    comparisons = [_compared(views[0], view, **options) for view in views[1:]]
    path = Path(out) if out else folders[0].path / "report.html"
    write_text(path, _html(views, comparisons, anonymous=anonymous))
    if figures:
        write_figures(views, {c.name: c.chart for c in comparisons if c.chart}, Path(figures))
    if tables:
        write_tables(views, Path(tables))
    return path


def work(runs: int, resamples: int = 1000) -> int:
    """How many steps `report` tells of."""
    return runs * resamples


def _named_apart(runs: list[RunFolder]) -> list[RunFolder]:
    """Runs whose names differ: two folders of one name get their parent's in front."""
    names = [run.name for run in runs]
    if len({run.path.resolve() for run in runs}) < len(runs):
        raise UserError("the same run is named twice; name each run once.")
    return [
        replace(run, name=f"{run.path.resolve().parent.name}/{run.name}") if names.count(run.name) > 1 else run
        for run in runs
    ]


def _view(
    run: RunFolder, place: int, several: bool, *, manifest: str | Path | None, split: str | None, resamples: int,
    seed: int, on_progress: Callable[[int], object] | None,
) -> RunView:  # fmt: skip
    truth = manifest_of(run, manifest)
    scored = score(run, truth, split) if truth is not None else None
    found = None
    if scored is not None:
        found = numbers(scored, run.decisions, resamples=resamples, seed=seed, progress=on_progress)
    elif on_progress:
        on_progress(work(1, resamples))
    return run_view(run, scored, found, key=f"r{place}-" if several else "", curves=not several)


def _add_gallery(view: RunView, heatmaps: Any, most: int, *, anonymous: bool) -> None:
    if view.scored is None or view.numbers is None or not most:
        return
    own = view.run.path / "heatmaps"
    heat = heat_source(heatmaps if heatmaps is not None else own if (own / "heatmaps.csv").exists() else None)
    view.gallery = gallery(view.scored, view.numbers.thresholds, heat, most, anonymous=anonymous)


def _compared(first: RunView, second: RunView, *, resamples: int, seed: int) -> Comparison:
    if first.scored is None or second.scored is None:
        return Comparison(second.name, None, None, None)
    options: dict[str, Any] = {"resamples": resamples, "seed": seed}
    ap = paired_difference(first.scored, second.scored, "ap", **options)
    auroc = paired_difference(first.scored, second.scored, "auroc", **options)
    if ap is None:
        return Comparison(second.name, None, None, None)
    return Comparison(second.name, ap, auroc, _difference_chart(first, second, ap))


def _difference_chart(first: RunView, second: RunView, ap: Difference) -> Drawing:
    """The labels, the most common first."""
    assert first.scored is not None
    order = np.argsort(-first.scored.counts, kind="stable")
    return difference_chart(
        f"Difference in AP of each label, {second.name} minus {first.name}",
        [first.scored.labels[i] for i in order],
        ap.value[order].tolist(),
        ap.low[order].tolist(),
        ap.high[order].tolist(),
        [first.scored.groups[i] for i in order],
        x_label=f"AP of {second.name} minus AP of {first.name}",
    )


def _html(views: Sequence[RunView], comparisons: Sequence[Comparison], *, anonymous: bool) -> str:
    shared = {view.name: view.scored for view in views if view.scored is not None}
    alike = len({scored.labels for scored in shared.values()}) == 1
    return render(
        "run_report.html.j2",
        views=views,
        comparisons=comparisons,
        shared_curves=curves_of_labels(shared) if len(views) > 1 and shared and alike else {},
        shared_names=list(shared),
        headline_names=list(dict.fromkeys(name for v in views if v.numbers for name, _ in v.numbers.headlines)),
        anonymous=anonymous,
        nan=float("nan"),
        svg=inline_svg,
        facts=lambda view: facts_of(view.run, view.scored, anonymous=anonymous),
        environment=lambda view: environment_lines(view.run, anonymous=anonymous),
        command=lambda view: None if anonymous else command_of(view.run),
        decisions=lambda view: decision_lines(view.run),
        before_after=lambda view: before_after(view.run),
    )
