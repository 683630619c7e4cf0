"""`longtail data merge`."""

from pathlib import Path
from typing import Annotated

import typer

from longtail.cli.data_read import Format


def merge(
    manifests: Annotated[list[Path], typer.Argument(metavar="MANIFEST...", help="The manifests: CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The folder to write the merged manifest to.")],
    map: Annotated[
        str | None, typer.Option(metavar="chest|FILE.yaml", help="Label map: one vocabulary for all. [default: none]")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Each manifest's name, in order. [default: its source column, or its folder]"
        ),
    ] = None,
    keep: Annotated[str, typer.Option(help="Labels that the map lacks: 'all' keeps them, 'mapped' does not.")] = "all",
    format: Annotated[Format, typer.Option(help="How to write the manifest.")] = Format.csv,
    force: Annotated[bool, typer.Option("--force", help="Write over one of the inputs.")] = False,
) -> None:
    """Merge manifests with different labels into one; what a source does not label is unknown."""
    from longtail.cli.console import note, say, table
    from longtail.data.families import relatives
    from longtail.data.label_maps import load_label_map
    from longtail.data.manifest import Manifest
    from longtail.data.merging import left_out, source_names, summarize, used_sources
    from longtail.data.merging import merge as work
    from longtail.data.saving import require_other_file
    from longtail.errors import unknown_name

    if keep not in ("all", "mapped"):
        raise unknown_name("value", keep, ("all", "mapped"), "--keep")
    for source_file in manifests:
        require_other_file(source_file, out / f"manifest.{format.value}", force=force)
    label_map = load_label_map(map) if map else None
    loaded = [Manifest.load(path, check_files=False) for path in manifests]
    merged = work(loaded, sources=source or None, label_map=label_map, keep=keep)  # type: ignore[arg-type]
    path = merged.save(out / f"manifest.{format.value}")
    rows = [(s.source, s.rows, s.labels, s.positives, f"{s.unknown:.1%}") for s in summarize(merged)]
    table(str(path), ("source", "images", "labels", "positives", "unknown"), rows)
    names = source_names(loaded, source or None)
    if same := relatives(used_sources(loaded, names)):
        note(f"of the same patients, whose ids got one form: {', '.join(same)}")
    for one, name in zip(loaded, names, strict=True):
        if gone := left_out(one, name, label_map, keep):  # type: ignore[arg-type]
            note(f"left out of {name}: {', '.join(gone)}")
    say(f"{path}: {len(merged):,} images, {len(merged.labels)} labels")
