"""`longtail list losses`."""

from typing import Annotated

import typer


def losses(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the losses that a stage can name; with a name, its arguments and sources."""
    from longtail.cli.listing import fact, show
    from longtail.losses import LOSSES

    show(
        {"Losses": LOSSES},
        name,
        more={"task": fact("task")},
        next_step="each is a function too, such as 'from longtail.losses import focal_loss'",
    )
