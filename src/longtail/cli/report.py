"""`longtail report`."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(help="One or more run folders; differences are to the first.")],
    out: Annotated[Path | None, typer.Option(help="The HTML to write. [default: report.html in the first run]")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="The manifest: CSV or Parquet. [default: the one that the run recorded]")
    ] = None,
    split: Annotated[str | None, typer.Option(help="The split to score. [default: test, else val]")] = None,
    heatmaps: Annotated[
        Path | None, typer.Option(help="Folder of heat maps to lay over mistakes. [default: heatmaps in the run]")
    ] = None,
    figures: Annotated[Path | None, typer.Option(help="Folder to write every figure to, as PNG and SVG.")] = None,
    tables: Annotated[Path | None, typer.Option(help="Folder to write every table to, as CSV and LaTeX.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Leave out every identifier, path and host.")] = False,
    mistakes: Annotated[int, typer.Option(min=0, max=200, help="How many mistakes to show as images.")] = 24,
    resamples: Annotated[int, typer.Option(min=1, help="How often patients are resampled for intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same intervals.")] = 0,
) -> None:
    """Write one self-contained HTML on one run, or on several with paired differences."""
    from longtail.cli.console import progress, say
    from longtail.report.run_report import report as write
    from longtail.report.run_report import work

    with progress(work(len(runs), resamples), "resampling", "resamples") as advance:
        path = write(
            *runs, out=out, manifest=manifest, split=split, heatmaps=heatmaps, figures=figures, tables=tables,
            anonymous=anonymous, mistakes=mistakes, resamples=resamples, seed=seed, on_progress=advance,
        )  # fmt: skip
    say(f"report: {path}")
    for name, folder in (("figures", figures), ("tables", tables)):
        if folder:
            say(f"{name}: {folder}")
