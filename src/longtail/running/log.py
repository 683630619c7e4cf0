"""`log.jsonl`: a line for everything that happens in a training; after a resume nothing stands there twice."""

import json
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from longtail.files import make_folder

Event = dict[str, Any]  # a line of the log


class Log:
    """Appends events and tells them to `on_event`, and cuts off what a resumed training will repeat.

    Only the process that `writes`, the first one, does any of it.
    """

    def __init__(self, path: Path, on_event: Callable[[Event], None] = lambda _: None, writes: bool = True) -> None:
        self.path, self._on_event, self._writes = path, on_event, writes
        if writes:
            make_folder(path.parent)

    def write(self, event: str, **facts: Any) -> None:
        """Append a line; a number that is none becomes null, since JSON has no nan."""
        if not self._writes:
            return
        line: Event = _plain({"event": event, **facts, "time": datetime.now(UTC).isoformat(timespec="milliseconds")})
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        self._on_event(line)

    def size(self) -> int:
        """Bytes written so far, which a checkpoint remembers."""
        return self.path.stat().st_size if self._writes and self.path.exists() else 0

    def cut(self, size: int) -> None:
        """Forget what was written after a checkpoint, and a line that a kill or a power cut left without its end."""
        if self._writes and self.path.exists():
            os.truncate(self.path, self.path.read_bytes()[:size].rfind(b"\n") + 1)


def read_log(path: Path) -> list[Event]:
    """All lines of a log."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
