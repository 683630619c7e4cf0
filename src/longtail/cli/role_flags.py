"""The flags that say which column is what: the same for every verb that reads a manifest.

A verb takes them as `labels: role_flags.Labels = None, ...` and hands them on with `role_flags.said(...)`.
"""

from typing import Annotated, Any

import typer

_PANEL = "Which column is what (over the YAML beside the manifest)"

Labels = Annotated[
    str | None,
    typer.Option("--labels", metavar="A,B,...", help="Label columns, or the classes.", rich_help_panel=_PANEL),
]
Label = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="The class, one per image.", rich_help_panel=_PANEL)
]
Image = Annotated[str | None, typer.Option("--image", metavar="COLUMN", help="Image paths.", rich_help_panel=_PANEL)]
Patient = Annotated[str | None, typer.Option("--patient", metavar="COLUMN", help="Patients.", rich_help_panel=_PANEL)]
Study = Annotated[str | None, typer.Option("--study", metavar="COLUMN", help="Studies.", rich_help_panel=_PANEL)]
View = Annotated[
    str | None, typer.Option("--view", metavar="COLUMN", help="Views (PA, AP ...).", rich_help_panel=_PANEL)
]
Source = Annotated[
    str | None, typer.Option("--source", metavar="COLUMN", help="Where rows came from.", rich_help_panel=_PANEL)
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="COLUMN", help="train, val, test.", rich_help_panel=_PANEL)
]
Boxes = Annotated[str | None, typer.Option("--boxes", metavar="FILE", help="The box table.", rich_help_panel=_PANEL)]
Root = Annotated[
    str | None, typer.Option("--root", metavar="DIR", help="Where image paths start.", rich_help_panel=_PANEL)
]
Uncertain = Annotated[
    str | None,
    typer.Option(
        "--uncertain", metavar="POLICY", help="-1 and U as: unknown, positive, negative.", rich_help_panel=_PANEL
    ),
]


def said(**flags: str | None) -> dict[str, Any]:
    """The flags that were given, as `Manifest.load` takes them.

    `root` and `boxes` count from the working folder, as paths on a command line do, and where nothing of that name is
    there from the manifest's folder, as in its YAML.
    """
    from pathlib import Path

    given = {name: value for name, value in flags.items() if value is not None}
    for name in ("root", "boxes"):
        if name in given and Path(given[name]).exists():
            given[name] = str(Path(given[name]).resolve())
    return given
