"""`longtail show`."""

from pathlib import Path
from typing import Annotated, Any

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
    from longtail.data.manifest import Manifest
    from longtail.files import write_text
    from longtail.stages.drawing import graph_lines, recipe_svg
    from longtail.stages.loading import load_recipe, recipe_text
    from longtail.stages.planning import plan

    made = load_recipe(recipe, settings or (), smoke=smoke)
    table = Manifest.load(manifest, check_files=False) if manifest else None
    plans = plan(made, table, seed=seed, reused=_finished(made, table, store, prepared, seed))
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


def _finished(recipe: Any, manifest: Any, store: Path | None, prepared: Path | None, seed: int) -> Any:
    """Whether a stage is finished in `store`; None where no store is asked for."""
    from longtail.errors import UserError
    from longtail.stages.fitting import prepared_place
    from longtail.stages.reusing import finished_stages

    if store is None:
        return None
    if manifest is None:
        raise UserError("--store needs --manifest: which stages are finished depends on the images, too.")
    store = store / "store" if (store / "store").is_dir() else store
    place = prepared_place(manifest, store.parent, prepared)
    return finished_stages(recipe, manifest, store=store, prepared=place, seed=seed).__contains__


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
