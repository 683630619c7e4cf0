"""The store of stages: a folder for each identity, shared by stages, runs and seeds that have it in common.

    <store>/<identity>/     log.jsonl, checkpoints while it trains, weights.safetensors, predictions.parquet
                 stage.json written last: a folder that has it is finished and is never written again
                 lock       held while it trains; a second process waits

A run's `stages/<name>/` are the same files again (hard links where the disk can), so a run stands alone.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.files import make_folder, read_object, write_json
from longtail.stages.locks import LOCK, held

FACTS = "stage.json"
_UNDER_WAY = ("checkpoint", ".")  # beginnings of names that only matter while a stage trains


@dataclass(frozen=True)
class Store:
    """Finished and unfinished stages in `folder`, by identity."""

    folder: Path

    def place(self, identity: str) -> Path:
        """The folder of one stage."""
        return self.folder / identity

    def finished(self, identity: str) -> bool:
        """Whether the stage was trained to its end."""
        return (self.place(identity) / FACTS).is_file()

    def started(self, identity: str) -> bool:
        """Whether somebody began to train it."""
        return self.place(identity).is_dir() and not self.finished(identity)

    def facts(self, identity: str) -> dict[str, Any]:
        """What `stage.json` tells of a finished stage."""
        return read_facts(self.place(identity))

    def finish(self, identity: str, facts: dict[str, Any]) -> None:
        """Declare the stage finished, and drop what only mattered on the way."""
        write_json(self.place(identity) / FACTS, facts)
        self.tidy(identity)

    def tidy(self, identity: str) -> None:
        """Remove checkpoints of a finished stage (a kill may have left them)."""
        for path in self.place(identity).iterdir():
            if path.name.startswith(_UNDER_WAY) and path.name != LOCK:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    @contextmanager
    def working(self, identity: str, on_wait: Any = lambda _: None) -> Iterator[Path]:
        """The stage's folder, held by this process; when another trains the same stage, its result is waited for."""
        place = make_folder(self.place(identity))
        with held(place, "the stage", on_wait=on_wait):
            yield place


def read_facts(folder: Path) -> dict[str, Any]:
    """`stage.json` of a finished stage, in a store or a run."""
    try:
        return read_object(folder / FACTS, "remove the folder to train it anew")
    except FileNotFoundError as error:
        raise UserError(f"'{folder}' holds no finished stage; run `longtail fit` again to finish it.") from error


def publish(place: Path, to: Path) -> None:
    """Give a run the files of a finished stage: links where possible, else copies; whole or not at all."""
    if (to / FACTS).is_file() and _same(place / FACTS, to / FACTS):
        return
    beside = to.with_name(f".{to.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    make_folder(beside)
    for path in sorted(place.rglob("*")):
        inside = path.relative_to(place)
        if path.is_file() and path.name != LOCK and not inside.parts[0].startswith(_UNDER_WAY):
            make_folder((beside / inside).parent)
            link_or_copy(path, beside / inside)
    if to.exists():
        shutil.rmtree(to)
    beside.replace(to)


def link_or_copy(path: Path, to: Path) -> None:
    """A hard link; a copy where the disk has none, or is another one."""
    with suppress(OSError):
        os.link(path, to)
        return
    shutil.copy2(path, to)


def _same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()
