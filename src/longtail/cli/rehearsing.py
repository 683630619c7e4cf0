"""`longtail predict`: what could not be written at the end is refused before the first image."""

from pathlib import Path
from typing import Any


def refuse_early(source: Path, manifest: Any, submission: str | None, out: Path, options: dict[str, Any]) -> None:
    """Refuse another ending; try the submission of the run's or export's labels, for the rows and level asked for."""
    from longtail.predict.files import writable
    from longtail.predict.submissions.rehearsing import rehearse

    if submission is None:
        writable(out)
        return
    labels, said = _told(source)
    study = said.get("study") if options["study"] is None else options["study"]
    kept = said.get("keep_images") if options["keep_images"] is None else options["keep_images"]
    rows = manifest if options["split"] is None else manifest.select(manifest.rows_of(options["split"]))
    rehearse(rows, labels, "image" if study in (None, "none") or kept else "study", submission, out)


def _told(source: Path) -> tuple[list[str], dict[str, Any]]:
    """The labels of a run or an export, and what it says of predicting."""
    from longtail.export.stored import is_export, read_facts

    if is_export(source):
        told = read_facts(source)
        return told["labels"], told["plan"]
    from longtail.predict.predicting import run_recipe
    from longtail.stages.run_folder import MANIFEST, fold_runs, read_run

    run = next(iter(fold_runs(source)), source)
    recipe = run_recipe(run)
    return read_run(run, MANIFEST)["labels"], recipe.get("predict") or {}
