"""What made a run: its environment, command and decisions as lines of a table."""

from collections.abc import Mapping
from shlex import join
from typing import Any

from longtail.report.run_folder import RunFolder

_COMMANDS = ("command", "argv", "command_line")
_PERSONAL = ("host", "hostname", "node", "user", "username", "cwd", "home", "path", "folder", "executable")
_LONGEST = 400
_DECIDED = {
    "rule.thresholds": "thresholds by",
    "rule.at": "at",
    "rule.calibration": "calibration by",
    "made from.task": "task",
    "made from.split": "chosen on the split",
    "made from.rows": "rows",
    "made from.level": "each row is",
    "made from.left at half": "left at 0.5, for lack of positives or negatives",
}


def command_of(run: RunFolder) -> str | None:
    """The command that made the run, as it would be typed."""
    found = next((run.environment[name] for name in _COMMANDS if run.environment.get(name)), None)
    return join(map(str, found)) if isinstance(found, list) else found if isinstance(found, str) else None


def environment_lines(run: RunFolder, *, anonymous: bool) -> list[tuple[str, str]]:
    """The environment as (name, text), nested names with dots."""
    skip = (*_COMMANDS, *(_PERSONAL if anonymous else ()))
    return _lines({name: value for name, value in run.environment.items() if name not in skip}, skip)


def decision_lines(run: RunFolder) -> list[tuple[str, str]]:
    """How thresholds and calibration were chosen; their values stand in the table of labels, or are too many."""
    told = {name: run.decisions.get(name) for name in ("rule", "made_from")}
    known = {name: value for name, value in told.items() if isinstance(value, Mapping)}
    return [(_DECIDED.get(name, name), text) for name, text in _lines(known, ("predictions", "digest", "made_by"))]


def before_after(run: RunFolder) -> list[tuple[str, float, float]]:
    """Means over labels on the validation rows, at .5 uncalibrated and with what was decided, as (metric, two)."""
    before, after = (run.decisions.get(name) or {} for name in ("before", "after"))
    found = [(name, _mean(before[name]), _mean(after[name])) for name in before if name in after]
    return [(name.replace("_", " "), a, b) for name, a, b in found if a is not None and b is not None]


def _mean(value: Any) -> float | None:
    value = value.get("value") if isinstance(value, Mapping) else value
    return float(value) if isinstance(value, (int, float)) else None


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
