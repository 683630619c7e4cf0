"""`longtail data prepare`."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles


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
    from longtail.cli.console import note, progress, say
    from longtail.data.images.grey_levels import window_of
    from longtail.data.images.prepared import Prepared, default_store
    from longtail.data.images.prepared import prepare as work
    from longtail.data.manifest import Manifest
    from longtail.files import in_words

    table = Manifest.load(manifest, check_files=False, **roles)
    options: dict[str, Any] = {"resize": resize, "channels": channels, "on_bad": on_bad, "workers": workers}
    options |= {"window": window_of(window), "from_size": from_size, "verify": verify}
    place = store or default_store(manifest)

    def one(side: int) -> Prepared:
        with ExitStack() as shown:
            advance: list[Callable[[int], None]] = [lambda _: None]

            def step(done: int, total: int) -> None:
                if done == 1:  # how many are left to do is known only now
                    shown.close()
                    advance[0] = shown.enter_context(progress(total, f"prepare {side} px"))
                advance[0](1)

            return work(table, side, store=place, on_progress=step, on_wait=wait, **options)

    def _unusable(made: Prepared) -> str:
        return f", {len(made.bad):,} unusable {'left out' if on_bad == 'skip' else 'made black'}" if made.bad else ""

    def wait(busy: Path) -> None:
        note(f"another process is preparing '{busy}'; waiting for it")

    for side in size:
        made = one(side)
        kind = "grey" if made.key.channels == 1 else "colour"
        speed = f" at {made.images_per_second:,.0f} images/s" if made.made else ""
        say(
            f"{side} px, {kind}: {len(made):,} images"
            f" ({made.made:,} new{speed}, {made.reused:,} reused{_unusable(made)}),"
            f" {in_words(len(made) * made.key.slot_bytes)} in {made.place}"
        )
        for bad in made.bad[:5]:
            note(f"unusable: row {bad.row + 1}, '{bad.image}': {bad.reason}")
        if len(made.bad) > 5:
            note(f"all {len(made.bad):,} are listed in '{made.place / 'bad.csv'}'")
