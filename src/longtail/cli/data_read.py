"""`longtail data read`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How the manifest is written."""

    csv = "csv"
    parquet = "parquet"


def read(
    name: Annotated[str, typer.Argument(help="The data set; 'longtail list datasets' names them.")],
    options: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its own options.")] = None,
    root: Annotated[Path, typer.Option(help="The folder that holds the published files.")] = Path(),
    out: Annotated[Path, typer.Option(help="The folder to write the manifest to.")] = Path("manifest"),
    format: Annotated[Format, typer.Option(help="How to write the manifest.")] = Format.csv,
) -> None:
    """Read a published data set into a manifest, from its files as they are published."""
    from longtail.binding import parse_pairs
    from longtail.cli.console import say, warn
    from longtail.data.reading import missing_images
    from longtail.data.reading import read as work
    from longtail.data.validation import validate
    from longtail.errors import UserError

    for text in options or []:
        if Path(text).is_dir():
            raise UserError(
                f"'{text}' is a folder; the data set's own is --root: longtail data read {name} --root {text}."
            )
    manifest = work(name, root, out, format=format.value, options=parse_pairs(options or []))
    for problem in validate(manifest, check_files=False):
        warn(problem.message)
    kind = "labels" if manifest.task == "multilabel" else "classes"
    boxes = f", {len(manifest.boxes):,} boxes" if manifest.boxes is not None else ""
    say(f"{manifest.path}: {len(manifest):,} images, {len(manifest.labels)} {kind}{boxes}")
    if missing := missing_images(manifest):
        warn(
            f"{len(missing):,} of {len(manifest):,} images are not in '{manifest.root}' yet, the first is"
            f" '{missing[0]}'; put them there, or read again with the folder that holds them."
        )
    say(f"next: longtail data inspect {manifest.path}")
