"""`longtail list ensembles`."""

from typing import Annotated

import typer


def ensembles(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the ways to make one prediction of several; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import ENSEMBLES

    show(
        {"Merges": ENSEMBLES},
        name,
        next_step="next: longtail predict --ensemble weighted,per_label=true; in a recipe: merge: weighted",
    )
