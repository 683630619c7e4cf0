"""`longtail list heads`."""

from typing import Annotated, Any

import typer


def heads(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the heads that a model can name, with the features each wants and its options; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.models import HEADS

    show(
        {"Heads": HEADS},
        name,
        more={"wants": lambda entry: _wants(entry.function)},
        next_step="next: write one into a recipe: model: {backbone: resnet50, head: {cosine: {scale: 25}}}",
    )


def _wants(head: Any) -> str:
    return " ".join(sorted(head.wants))
