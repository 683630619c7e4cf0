"""`longtail decide`."""

from pathlib import Path
from typing import Annotated

import typer


def decide(
    predictions: Annotated[Path, typer.Argument(help="Predictions of validation rows.")],
    manifest: Annotated[Path, typer.Argument(help="The manifest that holds the truth.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("decisions.json"),
    rule: Annotated[
        str, typer.Option(help="Thresholds by f1, youden, sensitivity, specificity (at --at) or cost.")
    ] = "f1",
    at: Annotated[float, typer.Option(help="The sensitivity or specificity to reach.")] = 0.9,
    miss_cost: Annotated[float, typer.Option(help="For cost: false alarms that a miss is worth.")] = 1.0,
    calibration: Annotated[
        str | None, typer.Option(help="Before the thresholds: temperature, platt, isotonic or beta.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="The validation split. [default: val, where there is one]")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Use the rows that both have.")] = False,
    id_column: Annotated[str | None, typer.Option("--id", help="The predictions' id column.")] = None,
    level: Annotated[str | None, typer.Option(help="image, or study: the mean over each study's images.")] = None,
) -> None:
    """Choose thresholds and calibration on validation predictions."""
    from longtail.cli.console import note, say, table
    from longtail.data.manifest import Manifest
    from longtail.predict.decisions import decide as work
    from longtail.predict.decisions import write_decisions
    from longtail.predict.reading import read_named

    truth = Manifest.load(manifest, check_files=False)
    done = work(
        read_named(predictions, truth, id=id_column, level=level), truth, rule=rule, at=at, miss_cost=miss_cost,
        calibration=calibration, split=split, level=level, partial=partial,
    )  # fmt: skip
    if done.thresholds:
        rows = [[name, round(value, 4)] for name, value in done.thresholds.items()]
        table(f"thresholds by {rule} on {done.made_from['rows']:,} rows", ["label", "threshold"], rows)
    else:
        note("note: one class per image is decided by the likeliest class, so there are no thresholds to choose")
    numbers = [[name, f"{v['value']:.4f}", f"{done.after[name]['value']:.4f}"] for name, v in done.before.items()]
    table("means over labels, on these rows", ["", "at .5" if done.thresholds else "before", "as chosen"], numbers)
    if done.made_from["left_at_half"]:
        note(f"note: left at .5, for lack of positives or negatives: {', '.join(done.made_from['left_at_half'])}")
    write_decisions(done, out)
    say(f"written to {out}")
