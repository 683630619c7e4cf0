"""`longtail data paste`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles

_HOW = "How a patch becomes part of its background"


@with_roles
def paste(
    manifest: Annotated[Path, typer.Argument(help="The manifest with a box table; its train split, if it has one.")],
    out: Annotated[Path, typer.Option(help="A new folder for images, manifest and report; goes on where it stopped.")],
    size: Annotated[int, typer.Option(help="Pixels a side of the images to make.")] = 224,
    on_normal: Annotated[int, typer.Option(help="Images to make of normal ones, with a tail finding's patch.")] = 1000,
    on_tail: Annotated[int, typer.Option(help="Images to make of tail findings' own, with a patch blended in.")] = 1000,
    tail: Annotated[
        list[str] | None, typer.Option(help="A finding to make images of; may be repeated. [default: the tail group]")
    ] = None,
    tail_below: Annotated[int | None, typer.Option(help="Or: all findings on fewer images than this.")] = None,
    choose: Annotated[str, typer.Option(help="Among those: evenly, or rarest (by 1 / count).")] = "evenly",
    normal: Annotated[
        str | None, typer.Option(help="Label of normal images. [default: No Finding or the like]")
    ] = None,
    companions: Annotated[
        str, typer.Option(help="Further findings: keep (the label correlations), correlated or none.")
    ] = "keep",
    most: Annotated[int, typer.Option(help="Patches of an image, at the most.")] = 3,
    opacity: Annotated[float, typer.Option(help="Of a patch that is blended.", rich_help_panel=_HOW)] = 0.6,
    opaque: Annotated[
        str, typer.Option(help="Whose opacity that is: patch or background.", rich_help_panel=_HOW)
    ] = "patch",
    soft_edge: Annotated[
        float, typer.Option(help="Fade in over this share of the shorter side.", rich_help_panel=_HOW)
    ] = 0.0,
    intensity: Annotated[
        str, typer.Option(help="Match the surroundings: none, shift or moments.", rich_help_panel=_HOW)
    ] = "none",
    match_size: Annotated[
        str, typer.Option(help="Place and size relative to: image, or content (no black border).", rich_help_panel=_HOW)
    ] = "image",
    sides: Annotated[
        str, typer.Option(help="own, mirror (where a finding is on both) or free.", rich_help_panel=_HOW)
    ] = "own",
    jitter: Annotated[float, typer.Option(help="Move by up to this share of the image.", rich_help_panel=_HOW)] = 0.0,
    min_side: Annotated[int, typer.Option(help="Leave out boxes with a side below.", rich_help_panel=_HOW)] = 4,
    doubtful: Annotated[
        str, typer.Option(help="Findings that a patch may hold: unknown or absent.", rich_help_panel=_HOW)
    ] = "unknown",
    joined: Annotated[Path | None, typer.Option(help="Also write a manifest of the old rows and the new.")] = None,
    resize: Annotated[str, typer.Option(help="Of the images to make: squash, pad or crop.")] = "squash",
    channels: Annotated[int | None, typer.Option(help="1 (grey) or 3. [default: as the images are]")] = None,
    store: Annotated[
        Path | None, typer.Option(help="Folder of prepared images. [default: prepared/ beside the manifest]")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Threads. [default: one for each core]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 0,
    *,
    roles: dict[str, Any],
) -> None:
    """Make images of rare findings: cut them out by their boxes and paste them where they belong."""
    from longtail.augment.paste.making import require_own_folder, synthesize
    from longtail.augment.paste.parents import with_pasted
    from longtail.augment.paste.pool import require_feasible
    from longtail.augment.paste.settings import settings_from
    from longtail.cli.console import progress, say
    from longtail.cli.preparing import shown
    from longtail.data.images.prepared import default_store, prepare
    from longtail.data.manifest import Manifest
    from longtail.data.saving import require_other_file

    settings = settings_from(
        {
            "on_normal": on_normal, "on_tail": on_tail, "tail": tuple(tail or ()), "tail_below": tail_below,
            "choose": choose, "normal": normal, "companions": companions, "most": most, "opaque": opaque,
            "opacity": opacity, "soft_edge": soft_edge, "intensity": intensity, "match_size": match_size,
            "sides": sides, "jitter": jitter, "min_side": min_side, "doubtful": doubtful, "seed": seed,
        }
    )  # fmt: skip
    if joined is not None:
        require_other_file(manifest, joined)
    before = Manifest.load(manifest, check_files=False, **roles)
    require_feasible(before, settings)  # before images are prepared, which may take hours
    require_own_folder(out)
    options: dict[str, Any] = {"resize": resize, "channels": channels, "workers": workers}
    with shown(size) as watch:
        prepared = prepare(before, size, store=store or default_store(manifest), **watch, **options)
    with progress(on_normal + on_tail, "pasting") as advance:
        done = [0]

        def step(count: int, _: int) -> None:
            advance(count - done[0])
            done[0] = count

        made = synthesize(before, prepared, out, settings, workers=workers, on_progress=step)
    _show(out)
    if joined is not None:
        with_pasted(before, made).save(joined)
        say(f"{len(before) + len(made):,} rows, old and new, in {joined}")


def _show(out: Path) -> None:
    """The counts of the labels that changed, and what became of their correlations."""
    import json

    from longtail.augment.paste.making import REPORT
    from longtail.cli.console import say, table

    found = json.loads((out / REPORT).read_text(encoding="utf-8"))
    before, after = found["counts"]["before"], found["counts"]["after"]
    rows = [
        [name, old, new, found["patches_by_label"].get(name, 0), "tail" if name in found["tail"] else ""]
        for name, old, new in zip(found["labels"], before, after, strict=True)
        if old != new
    ]
    table(str(out), ["label", "images before", "after", "patches", "group"], rows)
    change = found["correlation_change"]
    if change["largest"]:
        first, second, most = change["largest"]
        say(f"label correlations: mean change {change['mean']:.3f}, the largest {most:+.3f} ({first} and {second})")
    ways = " and ".join(f"{count:,} on {way} images" for way, count in sorted(found["images_by_way"].items()))
    say(f"{found['images']:,} images ({ways}), correlation.png, distribution.png and contact-sheet.png: {out}")
