"""`longtail data split`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles


@with_roles
def split(
    manifest: Annotated[Path, typer.Argument(help="The manifest: CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The manifest to write: .csv or .parquet.")],
    ratios: Annotated[
        str | None, typer.Option(help="train/val or train/val/test, such as 75/5/20. [default: 70/10/20]")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="Column whose groups stay whole, or 'image'. [default: patient, else lesion, study, image]"),
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Make so many folds (column 'fold') instead of a split.")] = None,
    method: Annotated[
        str, typer.Option(help="stratified, random, or group-k-fold (scikit-learn's first fold is val).")
    ] = "stratified",
    keep: Annotated[
        list[str] | None, typer.Option(help="A split whose rows stay as they are (or in no fold), such as test.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same split.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Write over the input.")] = False,
    *,
    roles: dict[str, Any],
) -> None:
    """Split by whole groups, each part with its share of every label; or make k folds."""
    from longtail.cli.console import say, table, warn
    from longtail.data.division.balance import split_table, split_warnings
    from longtail.data.division.splits import kfold
    from longtail.data.division.splits import split as work
    from longtail.data.grouping import grouping_column
    from longtail.data.manifest import Manifest
    from longtail.data.saving import require_other_file
    from longtail.data.validation import ABOUT_NAMES, validate
    from longtail.errors import UserError

    require_other_file(manifest, out, force=force)
    before = Manifest.load(manifest, check_files=False, **roles)
    column = "split" if folds is None else "fold"
    options: dict[str, Any] = {"by": by, "seed": seed, "keep": keep or ()}
    if folds is None:
        done = work(before, ratios, method=method, **options)  # type: ignore[arg-type]
    elif ratios or method != "stratified":
        raise UserError("--folds makes equal, stratified folds; leave out --ratios and --method.")
    else:
        done = kfold(before, folds, **options)
    for problem in validate(before, check_files=False):
        if problem.kind in ABOUT_NAMES:
            warn(problem.message)
    if by is None and grouping_column(before) == "image":
        warn(
            "no column says which images are of one patient, lesion or study, so each image was dealt out on its own;"
            " if some belong together, scores will be too good: name their column with --patient COLUMN or --by COLUMN."
        )
    done.save(out)
    table(f"{out} by {grouping_column(before, by)}", *split_table(done, column))
    for warning in split_warnings(done, column):
        warn(warning)
    say(f"{len(done):,} images written to {out}")
