"""What `longtail fit` shows while stages run: a bar on a terminal, one plain line per epoch elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from longtail.cli.console import note, progress

if TYPE_CHECKING:
    from longtail.stages.context import Watch

_TWINS = {"lrap_columns": "map", "balanced_accuracy": "mean_class_recall"}  # equal by definition but for ties
_SHOWN = ("loss", "lr")


@contextmanager
def watched() -> "Iterator[Watch]":
    """A `Watch` that prints to stderr."""
    from longtail.stages.context import Watch

    with _Bars() as bars:
        yield Watch(on_note=bars.say, on_event=bars.event, on_step=bars.step, on_prepare=bars.prepared)


class _Bars(ExitStack):
    """One bar at a time; a note closes it, and the next step opens another."""

    def __init__(self) -> None:
        super().__init__()
        self.what, self.done = "", 0
        self.advance: Callable[[int], None] = lambda _: None
        self.terminal = sys.stderr.isatty()

    def say(self, text: str) -> None:
        self._end()
        note(text)

    def event(self, stage: str, event: dict[str, Any]) -> None:
        if event.get("event") == "epoch":
            self.say(epoch_line(stage, event))

    def step(self, stage: str, done: int, total: int, speed: float) -> None:
        if self.terminal:
            self._to(f"train {stage}", done, total, f"steps ({speed:,.0f} images/s)")

    def prepared(self, size: int, done: int, total: int) -> None:
        self._to(f"prepare {size} px", done, total, "images")

    def _to(self, what: str, done: int, total: int, unit: str) -> None:
        if what != self.what:
            self._end()
            self.what, self.done = what, 0
            self.advance = self.enter_context(progress(total, what, unit))
        self.advance(done - self.done)
        self.done = done

    def _end(self) -> None:
        self.close()
        self.what, self.done = "", 0


def epoch_line(stage: str, event: dict[str, Any]) -> str:
    """`rough: epoch 3, loss 0.213, lr 0.0009, map 0.412, 310 images/s`."""
    from longtail.stages.context import told_as

    found = {name: event[name] for name in _SHOWN if event.get(name) is not None}
    found |= {f"val {name}": value for name, value in _different(event.get("valid") or {}).items()}
    told = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
    speed = f", {event['images_per_s']:,.0f} images/s" if "images_per_s" in event else ""  # a stage without steps
    return f"{time.strftime('%H:%M:%S')} {told_as(stage, event)}: epoch {event['epoch']}, {told}{speed}"


def _different(valid: dict[str, Any]) -> dict[str, float]:
    """The numbers of validation without those that only say again what another one says."""
    numbers = {name: value for name, value in valid.items() if isinstance(value, float)}
    return {name: value for name, value in numbers.items() if not _says_again(name, value, numbers)}


def _says_again(name: str, value: float, numbers: dict[str, float]) -> bool:
    twin = numbers.get(_TWINS.get(name, ""))
    return twin is not None and f"{twin:.4g}" == f"{value:.4g}"
