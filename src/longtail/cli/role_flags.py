"""The flags that say which column is what: the same for every verb that reads a manifest.

A verb takes what was said of them as `roles: dict[str, Any]`, hands it on to `Manifest.load(path, **roles)`, and stands
under `@with_roles`, which gives it the flags.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

_PANEL = "Which column is what (over the YAML beside the manifest)"


def _flag(name: str, metavar: str, text: str) -> inspect.Parameter:
    option = typer.Option(f"--{name}", metavar=metavar, help=text, rich_help_panel=_PANEL)
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[str | None, option])


_FLAGS = (
    _flag("labels", "A,B,...", "Label columns, or the classes."),
    _flag("label", "COLUMN", "The class, one per image."),
    _flag("image", "COLUMN", "Image paths."),
    _flag("patient", "COLUMN", "Patients."),
    _flag("study", "COLUMN", "Studies."),
    _flag("view", "COLUMN", "Views (PA, AP ...)."),
    _flag("source", "COLUMN", "Where rows came from."),
    _flag("split", "COLUMN", "train, val, test."),
    _flag("boxes", "FILE", "The box table."),
    _flag("root", "DIR", "Where image paths start."),
    _flag("uncertain", "POLICY", "-1 and U as: unknown, positive, negative."),
)


def with_roles(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb with the flags as parameters of its own in place of `roles`."""
    signature = inspect.signature(verb)
    own = [parameter for name, parameter in signature.parameters.items() if name != "roles"]

    @functools.wraps(verb)
    def asked(**given: Any) -> None:
        roles = _said({flag.name: given.pop(flag.name) for flag in _FLAGS})
        verb(**given, roles=roles)

    asked.__signature__ = signature.replace(parameters=[*own, *_FLAGS])  # type: ignore[attr-defined]  # typer reads it
    asked.__annotations__ = {each.name: each.annotation for each in [*own, *_FLAGS]}
    return asked


def _said(flags: dict[str, str | None]) -> dict[str, Any]:
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
