"""`longtail data single`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles


@with_roles
def single(
    manifest: Annotated[Path, typer.Argument(help="A manifest of many labels: CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The manifest to write: .csv or .parquet.")],
    classes: Annotated[
        str | None, typer.Option(help="The labels to keep, A,B,... [default: all that are alone on an image]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over the input.")] = False,
    *,
    roles: dict[str, Any],
) -> None:
    """Keep the images that show exactly one label, as a manifest with one class per image."""
    from longtail.cli.console import say, table
    from longtail.data.division.single import single as work
    from longtail.data.manifest import Manifest
    from longtail.data.saving import require_other_file

    require_other_file(manifest, out, force=force)
    before = Manifest.load(manifest, check_files=False, **roles)
    after = work(before, [name.strip() for name in classes.split(",")] if classes else None)
    after.save(out)
    had = dict(zip(before.labels, before.counts().tolist(), strict=True))
    rows = [[name, had[name], count] for name, count in zip(after.labels, after.counts().tolist(), strict=True)]
    table(str(out), ["class", "images with it", "with it alone"], rows)
    say(f"{len(after):,} of {len(before):,} images written to {out}")
