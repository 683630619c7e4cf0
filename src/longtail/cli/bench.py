"""`longtail bench`."""

from pathlib import Path
from typing import Annotated

import typer


def bench(
    table: Annotated[str, typer.Argument(help="A table of recipes: a file, or the name of a shipped one.")],
    manifest: Annotated[Path, typer.Argument(help="The manifest, with splits train, val and best test.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to change in every recipe.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the table and the runs; goes on where it was.")] = Path("bench"),
    seeds: Annotated[int, typer.Option(min=1, help="Each row is trained with seeds 0, 1, ...")] = 3,
    store: Annotated[
        Path | None, typer.Option(help="Folder of finished stages, shared by rows. [default: in --out]")
    ] = None,
    prepared: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    rows: Annotated[str | None, typer.Option(help="Some rows: 'A,B'. [default: all]")] = None,
    also: Annotated[list[str] | None, typer.Option(help="A recipe to stand beside the rows; repeat.")] = None,
    against: Annotated[str | None, typer.Option(help="The row to compare with. [default: the table's own]")] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="Tiny sizes and a few batches: does it run at all?")] = False,
    split: Annotated[str | None, typer.Option(help="What is counted. [default: test where it is, else val]")] = None,
    major: Annotated[int, typer.Option(min=1, help="How many of the most frequent classes are major.")] = 3,
    minor: Annotated[int, typer.Option(min=1, help="How many of the rarest classes are minor.")] = 3,
    medium: Annotated[bool, typer.Option("--medium", help="A column for the classes between them.")] = False,
    paper: Annotated[str | None, typer.Option(help="Print published numbers along, such as skin7's.")] = None,
    resamples: Annotated[
        int | None, typer.Option(min=1, help="Bootstrap resamples. [default: 1000, more where many rows need it]")
    ] = None,
) -> None:
    """Train a table of recipes, row by row and seed by seed, and print it as papers do; goes on where it was."""
    from longtail.bench.running import bench as work
    from longtail.bench.writing import headings, row_texts
    from longtail.cli import console
    from longtail.cli.run_progress import watched

    with watched() as watch:
        done = work(
            table, manifest, out=out, seeds=seeds, store=store, prepared=prepared, also=also or (), against=against,
            rows=[name.strip() for name in rows.split(",")] if rows else None, overrides=settings or (), smoke=smoke,
            split=split, major=major, minor=minor, medium=medium, paper=paper, resamples=resamples, watch=watch,
        )  # fmt: skip
    marks = {1: "{} (1)", 2: "{} (2)"}
    shown = [
        [line.name, *row_texts(done, line, lambda text, place: marks.get(place or 0, "{}").format(text))]
        for line in done.lines
    ]
    console.table(done.title, headings(done), shown)
    console.say(f"{done.note} (1) is the best of a column, (2) the second.")
    console.say(f"table: {', '.join(str(out / f'table.{suffix}') for suffix in ('md', 'tex', 'csv', 'html'))}")
    console.say(f"every number: {out / 'bench.json'}")
