"""`longtail list soups`."""

from typing import Annotated

import typer


def soups(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the ways to make one network of several trainings; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import SOUPS

    show(
        {"Soups": SOUPS},
        name,
        next_step="next, in a recipe: a stage {kind: soup, image_size: 224, method: {greedy: {of: [a, b]}}}",
    )
