"""`longtail list submissions`."""

from typing import Annotated

import typer


def submissions(name: Annotated[str | None, typer.Argument(help="Show everything about this one.")] = None) -> None:
    """List the challenges whose files predictions can be written as; with a name, all about it."""
    from longtail.cli.listing import show
    from longtail.predict import SUBMISSIONS

    show(
        {"Submissions": SUBMISSIONS},
        name,
        next_step="next: longtail predict RUN MANIFEST --submission isic2018 --out submission.csv",
    )
