"""`longtail list views`."""

from typing import Annotated

import typer


def views(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the rules that let one view of a study speak for another; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import VIEW_RULES

    show(
        {"View rules": VIEW_RULES},
        name,
        next_step="next: longtail predict --views RULE,judged_by=STAGE; in a recipe: views: {RULE: {judged_by: STAGE}}",
    )
