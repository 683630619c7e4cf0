"""SIGTERM and Ctrl-C during a training: noted at once, honoured between two steps, after a checkpoint."""

import signal
import threading
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):  # noqa: N818 - no fault
    """Raised where work can't go on to its end, such as in the middle of a validation."""


class StopSignals:
    """While it is entered, a first signal only sets `asked`; a second one acts as it did before."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there may signals be answered
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def check(self, *_: object) -> None:
        """Raise `Stopped` if a signal came; for loops that have nothing to save."""
        if self.asked is not None:
            raise Stopped

    def honour(self) -> None:
        """Do what the signal does outside of a training; if that is nothing, what Ctrl-C does."""
        self._restore()
        if self.asked is not None:
            signal.raise_signal(self.asked)
        raise KeyboardInterrupt

    def _note(self, number: int, _: FrameType | None) -> None:
        self.asked = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
