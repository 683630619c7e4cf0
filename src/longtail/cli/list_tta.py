"""`longtail list tta`."""

from typing import Annotated

import typer


def tta(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the test-time views that predictions are averaged over; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import TTA

    show(
        {"Test-time views": TTA},
        name,
        next_step="next: longtail predict --tta identity --tta shift,x=0.1; in a recipe: tta: [identity, hflip]",
    )
