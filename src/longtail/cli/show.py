"""`longtail show`."""

from pathlib import Path
from typing import Annotated

import typer


def show(
    recipe: Annotated[str, typer.Argument(help="A recipe's file, or the name of a shipped one; a table's row: T:ROW.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings by dotted path to change.")
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="Count its rows: images and steps of each stage.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the graph of stages as an SVG file.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Every setting, those left at their default too.")] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="As `fit --smoke` would run it.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="As for `fit`: it draws balanced rows.")] = 0,
    store: Annotated[
        Path | None, typer.Option(help="Finished stages, as for `fit` (or a run's folder): which would be reused.")
    ] = None,
    prepared: Annotated[
        Path | None, typer.Option(help="Where prepared images lie. [default: beside the manifest]")
    ] = None,
) -> None:
    """Show a recipe as it would run: all settings resolved, its graph, and what each stage would do."""
    from longtail.cli.console import say
    from longtail.cli.plans import plan_table
    from longtail.stages.showing import show as work

    shown = work(
        recipe, settings or (), manifest=manifest, svg=svg, full=full, smoke=smoke, seed=seed, store=store,
        prepared=prepared,
    )  # fmt: skip
    say(shown.text)
    for line in shown.graph:
        say(line)
    say("")
    plan_table("What each stage would do", shown.plans)
    if svg is not None:
        say(f"graph: {svg}")
    if manifest is None:
        say(f"next: longtail show {_quoted(recipe)} --manifest MANIFEST counts images and steps")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
