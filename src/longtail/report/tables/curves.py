"""Figure 2: loss and validation mAP over the epochs of lines of stages, such as two first-stage choices."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longtail.errors import UserError, unknown_name
from longtail.files import written_whole
from longtail.report.run_folder import RunFolder
from longtail.report.tables.models import settings_of
from longtail.report.tables.paper_table import PaperTable

_FORMATS = (".png", ".svg", ".pdf")


def lines_of_stages(run: RunFolder) -> list[list[str]]:
    """Every line from a stage that starts from none to one that none starts from."""
    names = [stage.name for stage in run.stages]
    parents = {stage.name: settings_of(stage, run).get("from") for stage in run.stages}
    ends = [name for name in names if name not in parents.values()]
    return [_line(end, parents) for end in ends]


def curves_table(run: RunFolder, lines: Sequence[Sequence[str]] | None = None) -> PaperTable:
    """An epoch a row: line, epoch over the whole line, stage, image size, training and validation loss, mAP."""
    lines = lines or lines_of_stages(run)
    rows = [row for line in lines for row in _epochs(run, line)]
    if not rows:
        raise UserError(f"the run '{run.path}' has no finished epoch in its logs; curves need one.")
    columns = ("Line", "Epoch", "Stage", "Image size", "Train loss", "Val loss", "Val mAP")
    return PaperTable("Figure 2: curves", columns, tuple(rows))


def draw_curves(table: PaperTable, path: str | Path) -> Path:
    """Draw what `curves_table` gives, losses above and mAP below, as `.png`, `.svg` or `.pdf`.

    A dotted line with its name stands where a stage begins.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise UserError(f"'{path.name}' must end in {', '.join(_FORMATS)}.")
    figure = Figure(figsize=(8, 7), layout="constrained")
    losses, maps = figure.subplots(2, 1, sharex=True)
    for i, line in enumerate(dict.fromkeys(row[0] for row in table.rows)):
        rows = [row for row in table.rows if row[0] == line]
        _draw(losses, rows, 4, f"C{i}", "-", f"{line}, training")
        _draw(losses, rows, 5, f"C{i}", "--", f"{line}, validation")
        _draw(maps, rows, 6, f"C{i}", "-", str(line))
    for axes, name in ((losses, "loss"), (maps, "validation mAP")):
        axes.set_ylabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for at, stages in stage_starts(table).items():
            axes.axvline(at, color="grey", linestyle=":", linewidth=1)
            if axes is losses:
                losses.annotate(
                    ", ".join(stages), (at, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                    fontsize="x-small", color="grey",
                )  # fmt: skip
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")
    maps.set_xlabel("epoch over the whole line")
    with written_whole(path) as beside:
        figure.savefig(beside, format=path.suffix[1:].lower(), dpi=150)
    return path


def stage_starts(table: PaperTable) -> dict[float, list[str]]:
    """Half an epoch before the first one of each stage: the stages of all lines that begin there."""
    firsts: dict[tuple[str, str], int] = {}
    for line, epoch, stage, *_ in table.rows:
        firsts.setdefault((line, stage), epoch)
    found: dict[float, list[str]] = {}
    for (_, stage), epoch in firsts.items():
        names = found.setdefault(epoch - 0.5, [])
        names += [] if stage in names else [stage]
    return dict(sorted(found.items()))


def _draw(axes: Any, rows: Sequence[tuple[Any, ...]], column: int, colour: str, style: str, label: str) -> None:
    points = [(row[1], row[column]) for row in rows if row[column] is not None]
    if points:
        axes.plot(*zip(*points, strict=True), style, color=colour, label=label, marker="." if len(points) < 30 else "")


def _epochs(run: RunFolder, line: Sequence[str]) -> list[tuple[Any, ...]]:
    stages = {stage.name: stage for stage in run.stages}
    title, rows, done = " > ".join(line), [], 0
    for name in line:
        if name not in stages:
            raise unknown_name("stage", name, stages, f"the run '{run.path}'")
        epochs = _last_of_each(stages[name].log)
        for epoch, (_, event) in enumerate(sorted(epochs.items()), start=done + 1):
            valid = event.get("valid") or {}
            size = event.get("image_size") or settings_of(stages[name], run).get("image_size")
            rows.append((title, epoch, name, size, event.get("loss"), valid.get("loss"), valid.get("map")))
        done += len(epochs)
    return rows


def _last_of_each(log: Sequence[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """The lines of epochs; of one that was repeated after an interruption the last."""
    found = (line for line in log if line.get("event") == "epoch" and isinstance(line.get("epoch"), int))
    return {int(line["epoch"]): line for line in found}


def _line(end: str, parents: Mapping[str, Any]) -> list[str]:
    line = [end]
    while (parent := str(parents.get(line[0]))) in parents and parent not in line:
        line.insert(0, parent)
    return line
