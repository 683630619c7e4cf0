"""`longtail demo`."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the data and the report.")] = Path("longtail-demo"),
    patients: Annotated[int, typer.Option(min=20, help="How many made patients.")] = 600,
    size: Annotated[int, typer.Option(min=32, max=1024, help="Width and height of the images, in pixels.")] = 128,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 0,
) -> None:
    """Make radiographs, split, audit and prepare them, and write a report: about a minute, no download."""
    from longtail.cli.console import progress, say
    from longtail.demo import demo as work

    with progress(patients, "drawing", "patients") as advance:
        report = work(out, patients=patients, size=size, seed=seed, on_step=say, on_patient=advance)
    say(f"report: {report}")
