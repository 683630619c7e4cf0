"""`longtail evaluate`."""

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Predictions: Parquet or CSV, of longtail or any tool.")],
    manifest: Annotated[Path, typer.Argument(help="The manifest that holds the truth.")],
    split: Annotated[str | None, typer.Option(help="Rows of this split alone. [default: the predicted ones]")] = None,
    labels: Annotated[str | None, typer.Option(help="Some labels, A,B,... [default: the manifest's]")] = None,
    by: Annotated[list[str] | None, typer.Option(help="A column to evaluate by, such as view; may repeat.")] = None,
    level: Annotated[str | None, typer.Option(help="image, or study: the mean over each study's images.")] = None,
    decisions: Annotated[Path | None, typer.Option(help="Thresholds and calibration to apply: decisions.json.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Column resampled whole. [default: patient, lesion, study, else each row]")
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    method: Annotated[str, typer.Option(help="percentile or bca.")] = "percentile",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same intervals.")] = 0,
    head: Annotated[int | None, typer.Option(help="Head labels have more training images than this.")] = None,
    tail: Annotated[int | None, typer.Option(help="Tail labels have fewer training images than this.")] = None,
    major: Annotated[int | None, typer.Option(min=1, help="One class per image: so many major classes.")] = None,
    minor: Annotated[int | None, typer.Option(min=1, help="One class per image: so many minor classes.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Evaluate the rows that both have.")] = False,
    id_column: Annotated[str | None, typer.Option("--id", help="The predictions' id column.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write everything to this JSON file.")] = None,
) -> None:
    """Metrics with intervals: by label, by head, medium and tail, and by any column."""
    from longtail.cli.console import note, progress, say, table
    from longtail.data.manifest import Manifest
    from longtail.evaluate.evaluation import evaluate as work
    from longtail.evaluate.showing import tables
    from longtail.files import write_json
    from longtail.predict.decisions import read_decisions
    from longtail.predict.reading import read_named

    truth = Manifest.load(manifest, check_files=False)
    names = [name.strip() for name in labels.split(",")] if labels else None
    found = read_named(predictions, truth, names, id=id_column, level=level)
    chosen = read_decisions(decisions) if decisions else None
    if chosen:
        found = chosen.calibrated(found)
    with progress(resamples, "bootstrap", "resamples") as advance:
        done = work(
            found, truth, split=split, labels=names, level=level, by=by or (), group=group,
            thresholds=(chosen.thresholds or None) if chosen else None, head=head, tail=tail, major=major,
            minor=minor, resamples=resamples, confidence=confidence, method=method,  # type: ignore[arg-type]
            seed=seed, partial=partial, progress=advance,
        )  # fmt: skip
    for each in tables(done):
        table(*each)
    say(f"{done.intervals['confidence']:.0%} intervals: {method}, {resamples:,} resamples of {done.units['count']:,}"
        f" groups by {done.units['column']}, seed {seed}")  # fmt: skip
    for text in done.notes:
        note(f"note: {text}")
    if json:
        write_json(json, done.to_json())
        say(f"written to {json}")
