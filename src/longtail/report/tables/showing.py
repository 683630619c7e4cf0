"""A table by its number, from a run folder: what `longtail tables` prints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name
from longtail.predict.combining import Judges, Plan
from longtail.predict.files import read_predictions
from longtail.predict.predictions import Predictions
from longtail.predict.view_rules.view_choice import ViewJudge
from longtail.report.run_folder import RunFolder, read_run
from longtail.report.tables.curves import curves_table, draw_curves
from longtail.report.tables.label_ratios import label_ratios_table
from longtail.report.tables.models import models_table
from longtail.report.tables.paper_table import PaperTable
from longtail.report.tables.steps import judge_named, members_of, steps_table, usual_steps
from longtail.report.tables.views import views_table

TABLES = ("1", "2", "3", "4", "curves")
_DRAWN = (".png", ".svg", ".pdf")


def tables(
    run: str | Path,
    manifest: str | Path | None = None,
    table: str = "2",
    *,
    out: str | Path | None = None,
    stage: str | None = None,
    steps: Sequence[str] | None = None,
    lines: Sequence[str] | None = None,
    predictions: str | Path | None = None,
    unknown: Any = "lateral",
) -> PaperTable:
    """A table (1 to 4) or the curves of the stage-training paper for a run, written to `out` where that is named.

    For table 1 `run` may be a manifest.
    """
    found = _table(run, manifest, table, stage, steps, lines, predictions, unknown)
    if out is not None:
        write_table(found, out)
    return found


def _table(
    run: str | Path,
    manifest: str | Path | None,
    table: str,
    stage: str | None,
    steps: Sequence[str] | None,
    lines: Sequence[str] | None,
    predictions: str | Path | None,
    unknown: Any,
) -> PaperTable:
    if table not in TABLES:
        raise unknown_name("table", table, TABLES)
    if table == "1" and Path(run).is_file():
        return label_ratios_table(Manifest.load(run, check_files=False))
    folder = read_run(run)
    if table == "2":
        return models_table(folder)
    if table == "curves":
        return curves_table(folder, [line.split(",") for line in lines] if lines else None)
    rows = _manifest(folder, manifest)
    if table == "1":
        return label_ratios_table(rows)
    if table == "3":
        name = stage or judge_named(folder.recipe)
        return views_table(ViewJudge(_of_stages(folder, [name])[name], rows), unknown=unknown)
    return _steps(folder, rows, steps, predictions)


def write_table(table: PaperTable, path: str | Path) -> Path:
    """Write a table, or draw the curves where the file's ending is a picture's."""
    if Path(path).suffix.lower() in _DRAWN:
        if not table.title.startswith("Figure"):
            raise UserError(f"'{path}' is a picture, and only the curves are drawn; write .csv, .json or .md.")
        return draw_curves(table, path)
    return table.write(path)


def _steps(
    folder: RunFolder, manifest: Manifest, steps: Sequence[str] | None, predictions: str | Path | None
) -> PaperTable:
    said = folder.recipe.get("predict") or {}
    own = _of_stages(folder, [stage.name for stage in folder.stages], all_of_them=False)
    shown = own if predictions is None else {path.stem: read_predictions(path) for path in _files(Path(predictions))}
    plan = Plan(said.get("merge") or "mean", said.get("views"), said.get("study"))
    judges = Judges(own, manifest) if predictions is not None else None
    chosen = list(steps or usual_steps(folder.recipe))
    return steps_table(shown, manifest, chosen, plan=plan, members=members_of(folder.recipe), judges=judges)


def _of_stages(folder: RunFolder, names: Sequence[str], *, all_of_them: bool = True) -> dict[str, Predictions]:
    """Stages' validation predictions; an error where one that is needed has none."""
    files = {name: folder.path / "stages" / name / "predictions.parquet" for name in names}
    there = {name: path for name, path in files.items() if path.is_file()}
    if all_of_them and len(there) < len(files):
        name = next(name for name in files if name not in there)
        raise UserError(
            f"the stage '{name}' of '{folder.path}' has no validation predictions ({files[name]}); finish the run, or"
            " name another --stage."
        )
    return {name: read_predictions(path) for name, path in there.items()}


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.parquet"))
    if not found:
        raise UserError(
            f"'{folder}' holds no .parquet files; write STAGE.parquet for each stage with longtail predict."
        )
    return found


def _manifest(folder: RunFolder, manifest: str | Path | None) -> Manifest:
    path = manifest or folder.manifest.get("path")
    if not path or not Path(path).exists():
        raise UserError(f"the manifest of the run '{folder.path}' is not at '{path}'; name it after the run.")
    return Manifest.load(path, check_files=False)
