"""`longtail list studies`."""

from typing import Annotated

import typer


def studies(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the ways to make a study's prediction of its images'; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import STUDIES

    show(
        {"Study rules": STUDIES},
        name,
        next_step="next: longtail predict --study view_weights,frontal=7,lateral=3; in a recipe: study: mean",
    )
