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
) -> None:
    """Show a recipe as it would run: all settings resolved, its graph, and what each stage would do."""
    from longtail.cli.console import say
    from longtail.cli.plans import plan_table
    from longtail.data.manifest import Manifest
    from longtail.files import write_text
    from longtail.stages.drawing import graph_lines, recipe_svg
    from longtail.stages.loading import load_recipe, recipe_text
    from longtail.stages.planning import plan

    made = load_recipe(recipe, settings or (), smoke=smoke)
    plans = plan(made, Manifest.load(manifest, check_files=False) if manifest else None, seed=seed)
    say(recipe_text(made, full=full))
    for line in graph_lines(made, plans):
        say(line)
    say("")
    plan_table("What each stage would do", plans)
    if svg is not None:
        write_text(svg, recipe_svg(made))
        say(f"graph: {svg}")
    if manifest is None:
        say(f"next: longtail show {_quoted(recipe)} --manifest MANIFEST counts images and steps")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
