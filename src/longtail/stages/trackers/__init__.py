"""The trackers: one file each, from a run's folder and recipe to a function that takes lines of a stage's log.

`log.jsonl` is always written; a tracker shows the same numbers elsewhere. One tracker run per run folder: going on with
a run goes on with its tracker run. Nothing is sent anywhere unless the tracker itself was set up to.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from longtail.registry import Registry
from longtail.running.log import Event
from longtail.stages.context import told_as


class Tracker(Protocol):
    """Somewhere that numbers of a run go."""

    def numbers(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """The numbers of a stage after `step` steps."""

    def close(self) -> None:
        """Write what is still held."""


TRACKERS: Registry[Callable[[Path, str], Tracker]] = Registry("tracker", "longtail.stages.trackers")


def open_trackers(names: Sequence[str], run: Path, recipe: str) -> list[Tracker]:
    """The trackers called `names`, for the run in `run` of the recipe called `recipe`."""
    return [TRACKERS.find(name).function(run, recipe) for name in names]


def track(trackers: Sequence[Tracker], stage: str, event: Event) -> None:
    """Hand a line of a log to every tracker, if it is one that ends an epoch."""
    if event.get("event") == "epoch":
        for tracker in trackers:
            tracker.numbers(told_as(stage, event), int(event["step"]), numbers_of(event))


def numbers_of(event: Event) -> dict[str, float]:
    """The numbers of an epoch's line by name, those of validation as `val/...`; lists and undefined ones left out."""
    found: dict[str, Any] = {name: event.get(name) for name in ("loss", "lr", "image_size", "images_per_s")}
    found |= {f"val/{name}": value for name, value in (event.get("valid") or {}).items()}
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float))}
