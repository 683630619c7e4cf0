"""`longtail data inspect MANIFEST`: the audit of a manifest as tables, JSON and a page of plots."""

from pathlib import Path
from typing import Annotated, Any

import typer

from longtail.cli.role_flags import with_roles


@with_roles
def inspect(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The CSV or Parquet manifest, or its folder.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where inspection.json and inspection.png go; default: beside MANIFEST."
        ),
    ] = None,
    head: Annotated[
        int | None, typer.Option("--head", min=0, help="A head label has more training images than this.")
    ] = None,
    tail: Annotated[int | None, typer.Option("--tail", min=0, help="A tail label has fewer training images.")] = None,
    no_files: Annotated[bool, typer.Option("--no-files", help="Do not look at image files at all.")] = False,
    no_duplicates: Annotated[bool, typer.Option("--no-duplicates", help="Do not search for duplicate images.")] = False,
    no_page: Annotated[bool, typer.Option("--no-page", help="Write no inspection.png.")] = False,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE.yaml", help="Write a recipe proposed for this manifest, to edit and fit."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON instead of tables.")] = False,
    *,
    roles: dict[str, Any],
) -> None:
    """Audit a manifest: counts, the tail, co-occurrence, unknowns, views, groups, duplicates, and every problem."""
    import json

    from longtail.cli.console import note, progress, say, table
    from longtail.data.audit.inspection import inspect as audit
    from longtail.data.audit.inspection_saving import write_inspection
    from longtail.data.audit.inspection_tables import tables
    from longtail.data.manifest import Manifest
    from longtail.errors import UserError

    loaded = Manifest.load(manifest, check=False, **roles)
    if plan is not None:
        _require_plannable(plan, loaded.path, no_files, roles)
    duplicates = not (no_duplicates or no_files)
    with progress(len(loaded) if duplicates else None, "looking for duplicates") as advance:
        found = audit(
            loaded, head=head, tail=tail, duplicates=duplicates, check_files=not no_files, on_progress=advance
        )  # fmt: skip
    folder = out or (manifest if manifest.is_dir() else manifest.parent)
    written = write_inspection(found, loaded, folder, page=not no_page, images=not no_files)
    if as_json:
        say(json.dumps(found.to_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        for one in tables(found):
            table(*one)
    note(f"wrote {' and '.join(str(path) for path in written)}")
    if kinds := [f"{problem.count:,} x {problem.kind}" for problem in found.errors]:
        raise UserError(
            f"the manifest has errors ({', '.join(kinds)}): each is named above; mend them before training."
        )
    if plan is not None:
        from longtail.stages.proposing.proposal import propose

        propose(loaded, plan, inspection=found)
        note(f"wrote {plan}, each setting with its reason; next: longtail validate {plan} {manifest}")


def _require_plannable(plan: Path, manifest: Path | None, no_files: bool, roles: dict[str, Any]) -> None:
    """Refuse, before the audit, what would make the proposed recipe wrong or lose a file."""
    from longtail.errors import UserError
    from longtail.stages.proposing.proposal import require_new

    require_new(plan, manifest)
    if no_files:
        raise UserError("--plan needs the sizes and colours of image files; leave --no-files out.")
    if roles:
        beside = manifest.with_suffix(".yaml").name if manifest else "its YAML"
        raise UserError(
            f"--plan proposes a recipe for the manifest as `longtail fit` reads it, which has no --{next(iter(roles))};"
            f" write that into '{beside}' beside the manifest instead."
        )
