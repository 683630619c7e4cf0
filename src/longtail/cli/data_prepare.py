"""`longtail data prepare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longtail.cli.role_flags import with_roles

if TYPE_CHECKING:
    from longtail.data.images.prepared import Prepared


@with_roles
def prepare(
    manifest: Annotated[Path, typer.Argument(help="The manifest: CSV or Parquet.")],
    size: Annotated[list[int], typer.Option(help="Pixels a side; may be given several times.")],
    resize: Annotated[
        str, typer.Option(help="squash (stretch), pad (fit, black borders) or crop (shorter side, centre).")
    ] = "squash",
    channels: Annotated[
        int | None, typer.Option(help="1 (grey) or 3 (colour). [default: as a few of the images are]")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    on_bad: Annotated[
        str, typer.Option(help="Unusable images: stop, skip (leave their rows out) or blank (black).")
    ] = "stop",
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Threads. [default: one for each core]")] = None,
    window: Annotated[
        str,
        typer.Option(
            help="Grey levels of DICOM and 16-bit files: file (own window or range), full, minmax or CENTER,WIDTH."
        ),
    ] = "file",
    from_size: Annotated[
        int | None, typer.Option(help="Make the sizes from this larger prepared one, not from the originals.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every stored pixel; make damaged ones again.")
    ] = False,
    *,
    roles: dict[str, Any],
) -> None:
    """Decode and resize every image once, into a memory-mapped store; goes on where it was stopped."""
    from longtail.cli.preparing import shown
    from longtail.data.images.grey_levels import window_of
    from longtail.data.images.prepared import default_store
    from longtail.data.images.prepared import prepare as work
    from longtail.data.manifest import Manifest

    table = Manifest.load(manifest, check_files=False, **roles)
    options: dict[str, Any] = {"resize": resize, "channels": channels, "on_bad": on_bad, "workers": workers}
    options |= {"window": window_of(window), "from_size": from_size, "verify": verify}
    for side in size:
        with shown(side) as watch:
            made = work(table, side, store=store or default_store(manifest), **watch, **options)
        _tell(made, side, "left out" if on_bad == "skip" else "made black")


def _tell(made: "Prepared", side: int, done_to_bad: str) -> None:
    from longtail.cli.console import note, say
    from longtail.files import in_words

    kind = "grey" if made.key.channels == 1 else "colour"
    speed = f" at {made.images_per_second:,.0f} images/s" if made.made else ""
    unusable = f", {len(made.bad):,} unusable {done_to_bad}" if made.bad else ""
    say(
        f"{side} px, {kind}: {len(made):,} images ({made.made:,} new{speed}, {made.reused:,} reused{unusable}),"
        f" {in_words(len(made) * made.key.slot_bytes)} in {made.place}"
    )
    for bad in made.bad[:5]:
        note(f"unusable: row {bad.row + 1}, '{bad.image}': {bad.reason}")
    if len(made.bad) > 5:
        note(f"all {len(made.bad):,} are listed in '{made.place / 'bad.csv'}'")
