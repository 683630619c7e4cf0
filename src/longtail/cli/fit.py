"""`longtail fit`."""

from pathlib import Path
from typing import Annotated

import typer


def fit(
    recipe: Annotated[str, typer.Argument(help="A recipe's file, or the name of a shipped one.")],
    manifest: Annotated[Path, typer.Argument(help="The manifest: CSV or Parquet.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings by dotted path to change.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The run's folder; an existing run of the recipe goes on.")] = Path("run"),
    store: Annotated[
        Path | None, typer.Option(help="Folder of finished stages, shared by runs. [default: in the run]")
    ] = None,
    prepared: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="Tiny sizes and a few batches: does it run at all?")] = False,
    track: Annotated[
        list[str] | None, typer.Option(help="Also log to tensorboard, mlflow or wandb; may be given several times.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Train so many folds of train and val. [default: the recipe's, or none]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bits on the same machine.")] = 0,
) -> None:
    """Train a recipe's stages on a manifest, then predict, evaluate and report; goes on where it was stopped."""
    import sys

    from longtail.cli.console import say
    from longtail.cli.run_progress import watched
    from longtail.stages.fitting import fit as work

    command = " ".join(["longtail", *sys.argv[1:]]) if sys.argv else "longtail fit"
    with watched() as watch:
        run = work(
            recipe,
            manifest,
            out=out,
            overrides=settings or (),
            store=store,
            prepared=prepared,
            smoke=smoke,
            seed=seed,
            folds=folds,
            command=command,
            track=track or (),
            watch=watch,
        )
    for path in (run / "metrics.json", run / "report.html"):
        if path.is_file():
            say(f"{path.stem}: {path}")
