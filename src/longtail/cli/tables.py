"""`longtail tables`."""

from pathlib import Path
from typing import Annotated

import typer


def tables(
    run: Annotated[Path, typer.Argument(help="A run folder, or for table 1 a manifest.")],
    manifest: Annotated[
        Path | None, typer.Argument(help="The manifest. [default: the one that the run was trained on]")
    ] = None,
    table: Annotated[
        str, typer.Option(help="1 label ratios, 2 models, 3 AP by view, 4 AP through the steps, curves.")
    ] = "2",
    out: Annotated[
        Path | None, typer.Option(help="Write it: .csv, .json or .md; curves also as .png, .svg or .pdf.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option(help="Table 3: whose validation predictions. [default: the view rule's judge]")
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            help="Table 4: STAGE, STAGE+views, ensemble, ensemble+views, +study; repeat. [default: the paper's]"
        ),
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="Curves: stages one after another, A,B; repeat. [default: every line]")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            help="Table 4: a folder of STAGE.parquet for other images. [default: each stage's validation rows]"
        ),
    ] = None,
    unknown: Annotated[
        str,
        typer.Option(help="Table 3: views that are neither frontal nor lateral count as lateral, frontal or apart."),
    ] = "lateral",
) -> None:
    """Print the tables and curves of the stage-training paper for a run of one's own."""
    from longtail.cli import console
    from longtail.report.tables.paper_table import as_cell
    from longtail.report.tables.showing import tables as work

    found = work(
        run, manifest, table, out=out, stage=stage, steps=step, lines=line, predictions=predictions, unknown=unknown
    )
    console.table(found.title, found.columns, [[as_cell(cell) for cell in row] for row in found.rows])
    if found.note:
        console.say(found.note)
    if out:
        console.say(f"wrote {out}")
