"""The training's diary, one JSON object a line: start, resume, epochs, alarms, end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from longtail.files import make_folder, write_text


class Log:
    """Lines appended to `path` and told to `on_event`; `active` is false on all processes but the first."""

    def __init__(
        self, path: Path, active: bool = True, on_event: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> None:
        self.path, self.active, self.on_event = path, active, on_event
        if active:
            make_folder(path.parent)

    def write(self, event: str, **facts: Any) -> None:
        """Append a line; nan becomes null, since JSON has none."""
        if self.active:
            line = _plain({"event": event, **facts, "time": datetime.now(UTC).isoformat(timespec="seconds")})
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, allow_nan=False) + "\n")
            self.on_event(line)

    def forget_after(self, step: int) -> None:
        """Drop what was written later than `step`: it happens again after a resume."""
        if self.active and self.path.is_file():
            kept = [line for line in self.path.read_text(encoding="utf-8").splitlines() if _step(line) <= step]
            write_text(self.path, "".join(f"{line}\n" for line in kept))


def read_log(path: Path) -> list[dict[str, Any]]:
    """All lines of a diary."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _step(line: str) -> float:
    try:
        return float(json.loads(line).get("step", 0))
    except ValueError:
        return float("inf")  # half a line, of a process that was killed


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and value != value else value
