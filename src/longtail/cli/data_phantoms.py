"""`longtail data phantoms`."""

from pathlib import Path
from typing import Annotated

import typer


def phantoms(
    out: Annotated[Path, typer.Option(help="An empty or new folder for images, manifest and boxes.")],
    patients: Annotated[int, typer.Option(min=1, help="How many made patients (about 3.6 images each).")] = 400,
    size: Annotated[int, typer.Option(min=32, max=4096, help="Width and height of the images, in pixels.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 0,
    format: Annotated[str, typer.Option(help="png (8 bit) or dicom (12 bit; needs the extra 'dicom').")] = "png",
    single_label: Annotated[
        bool, typer.Option("--single-label", help="One class per image: the rarest finding.")
    ] = False,
    label_noise: Annotated[float, typer.Option(help="Share of labels that are flipped.")] = 0.0,
    unknown: Annotated[float, typer.Option(help="Share of labels that are left empty.")] = 0.0,
    prevalence: Annotated[list[str] | None, typer.Option(help="Replace one: 'Hernia=0.2'; may be repeated.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that draw. [default: by the size]")] = None,
) -> None:
    """Draw made chest radiographs with findings, boxes, views and studies: a data set to try things on."""
    from longtail.cli.console import note, progress, say, table
    from longtail.data.phantom import findings
    from longtail.data.phantom import phantoms as work
    from longtail.data.phantom.cohort import parse_prevalence
    from longtail.errors import unknown_name

    if format not in ("png", "dicom"):
        raise unknown_name("format", format, ("png", "dicom"))
    with progress(patients, "drawing", "patients") as advance:
        made = work(
            out, patients=patients, size=size, seed=seed, format="dicom" if format == "dicom" else "png",
            single_label=single_label, label_noise=label_noise, unknown=unknown,
            prevalence=parse_prevalence(prevalence or []), workers=workers, on_progress=advance,
        )  # fmt: skip
    known = {f.name: f for f in findings()}
    counts = dict(zip(made.labels, made.counts(), strict=True))
    rows = [[name, count, known[name].prevalence if name in known else None] for name, count in counts.items()]
    views = [("both" if known[name].lateral else "frontal") if name in known else "" for name in counts]
    table(str(out), ["label", "images", "prevalence", "shows on"], [[*r, v] for r, v in zip(rows, views, strict=True)])
    if not single_label:
        note("labels belong to a study: a lateral film carries those that only its frontal film shows")
    boxes = 0 if made.boxes is None else len(made.boxes)
    say(f"{len(made):,} images of {patients:,} patients, {boxes:,} boxes: {out}")
