"""`longtail compare`."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    files: Annotated[
        list[str],
        typer.Argument(help="Predictions P, NAME=P or NAME=P,P,P (seeds of one recipe), then the manifest."),
    ],
    metric: Annotated[str, typer.Option(help="ap, auroc, f1, recall, precision, brier, log_loss or accuracy.")] = "ap",
    split: Annotated[str | None, typer.Option(help="Rows of this split alone. [default: the predicted ones]")] = None,
    labels: Annotated[str | None, typer.Option(help="Some labels, A,B,... [default: the manifest's]")] = None,
    level: Annotated[str | None, typer.Option(help="image, or study: the mean over each study's images.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Column resampled whole. [default: patient, lesion, study, else each row]")
    ] = None,
    head: Annotated[int | None, typer.Option(help="Head labels have more training images than this.")] = None,
    tail: Annotated[int | None, typer.Option(help="Tail labels have fewer training images than this.")] = None,
    resamples: Annotated[
        int | None, typer.Option(min=1, help="Bootstrap resamples. [default: 1,000, more for 13 labels and more]")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    method: Annotated[str, typer.Option(help="percentile or bca.")] = "percentile",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same intervals.")] = 0,
    partial: Annotated[bool, typer.Option("--partial", help="Compare on the rows that both have.")] = False,
    id_column: Annotated[str | None, typer.Option("--id", help="The id column, of files that have it.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write everything to this JSON file.")] = None,
) -> None:
    """Is one better than another? Paired differences by label, with intervals and corrected p-values."""
    from longtail.cli.console import note, progress, say, table
    from longtail.data.manifest import Manifest
    from longtail.evaluate.comparison import compare as work
    from longtail.evaluate.entries import entries_of
    from longtail.evaluate.multiple import usual_resamples
    from longtail.evaluate.sampled import require_level
    from longtail.evaluate.showing import comparison_tables
    from longtail.files import write_json
    from longtail.predict.reading import read_entries

    require_level(confidence)
    entries, manifest = entries_of(files)
    names = [name.strip() for name in labels.split(",")] if labels else None
    truth = Manifest.load(manifest, check_files=False)
    given = read_entries(entries, truth, names, id=id_column, level=level) if id_column else entries
    drawn = resamples or usual_resamples(len(names or truth.labels), confidence)
    with progress(drawn, "bootstrap", "resamples") as advance:
        done = work(
            given, truth, metric=metric, split=split, level=level, group=group, head=head, tail=tail, resamples=drawn,
            labels=names, confidence=confidence, method=method, seed=seed, partial=partial, progress=advance,  # type: ignore[arg-type]
        )  # fmt: skip
    for each in comparison_tables(done):
        table(*each)
    say(f"{confidence:.0%} intervals: {method}, {drawn:,} paired resamples of {done.units['count']:,} groups by"
        f" {done.units['column']}, seed {seed}; p corrected over labels by Holm")  # fmt: skip
    for text in done.notes:
        note(f"note: {text}")
    if json:
        write_json(json, done.to_json())
        say(f"written to {json}")
