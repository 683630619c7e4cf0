"""`longtail data tail`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles


@with_roles
def tail(
    manifest: Annotated[Path, typer.Argument(help="The manifest: CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="The manifest to write: .csv or .parquet.")],
    ratio: Annotated[
        float | None, typer.Option(help="Largest class over smallest, for the exponential profile.")
    ] = None,
    n_max: Annotated[
        int | None, typer.Option(max=10**12, help="Images of the first class. [default: all it has]")
    ] = None,
    head_share: Annotated[float | None, typer.Option(help="Share of the images in one class, such as 0.8.")] = None,
    head: Annotated[str | None, typer.Option(help="That class. [default: the first]")] = None,
    order: Annotated[str, typer.Option(help="From head to tail: listed (as in the manifest) or frequency.")] = "listed",
    within: Annotated[str, typer.Option(help="The split to cut, or 'all' for every row.")] = "train",
    rounding: Annotated[str, typer.Option(help="round (halves up), or floor as for CIFAR-LT.")] = "round",
    seed: Annotated[int, typer.Option(min=0, help="The same seed keeps the same images.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Write over the input.")] = False,
    *,
    roles: dict[str, Any],
) -> None:
    """Cut a manifest down to a long tail; rows of other splits stay."""
    from longtail.cli.console import say, table, warn
    from longtail.data.division.tails import imbalance_ratio, tail_report, tail_warnings
    from longtail.data.division.tails import tail as work
    from longtail.data.manifest import Manifest
    from longtail.data.saving import require_other_file

    require_other_file(manifest, out, force=force)
    before = Manifest.load(manifest, check_files=False, **roles)
    asked: dict[str, Any] = {"ratio": ratio, "n_max": n_max, "head_share": head_share, "head": head, "order": order}
    asked |= {"rounding": rounding, "within": None if within == "all" else within}
    after = work(before, seed=seed, **asked)
    after.save(out)
    report = tail_report(before, after, **asked)
    table(str(out), list(report.columns), report.to_numpy(dtype=object).tolist())
    for warning in tail_warnings(report):
        warn(warning)
    was, now = (imbalance_ratio(report[name].to_numpy()) for name in ("before", "after"))
    share = report["after"].max() / max(report["after"].sum(), 1)
    say(f"imbalance ratio {was:.4g} before, {now:.4g} after; the largest class holds {share:.1%} of all labels")
    say(f"{len(after):,} of {len(before):,} images written to {out}")
