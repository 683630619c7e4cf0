"""`longtail list datasets`."""

from typing import Annotated

import typer


def datasets(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the published data sets that 'longtail data read' reads; with a name, its files, options and rules."""
    from longtail.cli.listing import show
    from longtail.data.readers import READERS

    show(
        {"Published data sets": READERS},
        name,
        next_step="next: longtail list datasets NAME, longtail data read NAME --root DIR --out DIR [key=value ...]",
    )
