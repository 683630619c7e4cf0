"""What made a run: its environment, command and decisions as lines of a table."""

from collections.abc import Mapping
from shlex import join
from typing import Any

from longtail.report.run_folder import RunFolder

_COMMANDS = ("command", "argv", "command_line")
_PERSONAL = ("host", "hostname", "node", "user", "username", "cwd", "home", "path", "folder", "executable")
_LONGEST = 400


def command_of(run: RunFolder) -> str | None:
    """The command that made the run, as it would be typed."""
    found = next((run.environment[name] for name in _COMMANDS if run.environment.get(name)), None)
    return join(map(str, found)) if isinstance(found, list) else found if isinstance(found, str) else None


def environment_lines(run: RunFolder, *, anonymous: bool) -> list[tuple[str, str]]:
    """The environment as (name, text), nested names with dots."""
    skip = (*_COMMANDS, *(_PERSONAL if anonymous else ()))
    return _lines({name: value for name, value in run.environment.items() if name not in skip}, skip)


def decision_lines(run: RunFolder) -> list[tuple[str, str]]:
    """The decisions but for the thresholds, which the table of labels shows."""
    return _lines({name: value for name, value in run.decisions.items() if name != "thresholds"}, ())


def _lines(values: Mapping[str, Any], skip: tuple[str, ...], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if name in skip or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping) and len(value) <= 60:
            found += _lines(value, skip, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}".replace("_", " "), _text(value)))
    return found


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
