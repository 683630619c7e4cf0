"""`longtail list samplers`."""

from typing import Annotated

import typer


def samplers(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the ways to draw an epoch's rows; with a name, its options and sources."""
    from longtail.cli.listing import show
    from longtail.sampling import SAMPLERS

    show(
        {"Samplers": SAMPLERS},
        name,
        next_step="in your own loop: from longtail.sampling import EpochSampler; EpochSampler('class_aware', targets)",
    )
