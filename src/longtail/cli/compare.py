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
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    method: Annotated[str, typer.Option(help="percentile or bca.")] = "percentile",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same intervals.")] = 0,
    partial: Annotated[bool, typer.Option("--partial", help="Compare on the rows that both have.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write everything to this JSON file.")] = None,
) -> None:
    """Is one better than another? Paired differences by label, with intervals and corrected p-values."""
    from longtail.cli.console import progress, say, table
    from longtail.evaluate.comparison import compare as work
    from longtail.evaluate.entries import entries_of
    from longtail.evaluate.showing import comparison_tables
    from longtail.files import write_json

    entries, manifest = entries_of(files)
    with progress(resamples, "bootstrap", "resamples") as advance:
        done = work(
            entries, manifest, metric=metric, split=split, level=level, group=group, resamples=resamples,
            labels=[name.strip() for name in labels.split(",")] if labels else None, confidence=confidence,
            method=method, seed=seed, partial=partial, progress=advance,  # type: ignore[arg-type]
        )  # fmt: skip
    for each in comparison_tables(done):
        table(*each)
    say(f"{confidence:.0%} intervals: {method}, {resamples:,} paired resamples of {done.units['count']:,} groups by"
        f" {done.units['column']}, seed {seed}; p corrected over labels by Holm")  # fmt: skip
    if json:
        write_json(json, done.to_json())
        say(f"written to {json}")
