"""`log.jsonl`: a line for everything that happens in a stage; after a resume no epoch stands there twice."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from longtail.files import make_folder
from longtail.stages.job import Event


class TrainingLog:
    """Appends events, and cuts off those that a resumed training will repeat; only the first process writes."""

    def __init__(self, path: Path, on_event: Callable[[Event], None], writes: bool = True) -> None:
        self.path, self._on_event, self._writes = path, on_event, writes
        if writes:
            make_folder(path.parent)

    def write(self, event: str, **facts: Any) -> None:
        """Append a line."""
        if not self._writes:
            return
        line: Event = {"event": event, **facts, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        self._on_event(line)

    def size(self) -> int:
        """Bytes written so far, which a checkpoint remembers."""
        return self.path.stat().st_size if self._writes and self.path.exists() else 0

    def cut(self, size: int) -> None:
        """Forget what was written after a checkpoint, whole lines or part of one."""
        if self._writes and self.path.exists() and self.path.stat().st_size > size:
            os.truncate(self.path, size)
