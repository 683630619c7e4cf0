"""`longtail list augmentations`."""

from typing import Annotated

import typer


def augmentations(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the augmentations and mixes with their settings and where they come from; with a name, all about it."""
    from longtail.augment import AUGMENTATIONS, MIXES
    from longtail.cli.listing import fact, show

    show(
        {"Augmentations": AUGMENTATIONS, "Mixes": MIXES},
        name,
        more={"changes": fact("kind")},
        next_step="next: write them into a recipe: augment: [hflip, {cutout: {holes: 5, fraction: 0.05}}]",
    )
