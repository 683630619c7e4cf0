"""`longtail demo`."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the data and the report.")] = Path("longtail-demo"),
    patients: Annotated[int, typer.Option(min=20, help="How many made patients.")] = 600,
    size: Annotated[int, typer.Option(min=32, max=1024, help="Width and height of the images, in pixels.")] = 128,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 0,
    smoke: Annotated[bool, typer.Option("--smoke", help="Train a few batches only: does it run at all?")] = False,
) -> None:
    """Make radiographs, split and audit them, train two stages, and report: about two minutes, no download."""
    from longtail.cli.console import progress, say
    from longtail.cli.run_progress import watched
    from longtail.demo import demo as work

    with progress(patients, "drawing", "patients") as advance, watched() as watch:
        report = work(
            out, patients=patients, size=size, seed=seed, on_step=say, on_patient=advance, smoke=smoke, watch=watch
        )
    say(f"report: {report}")
