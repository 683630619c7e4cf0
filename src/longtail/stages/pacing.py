"""When to look at losses, to report, to write a checkpoint; and how many images a second go through."""

import time
from collections.abc import Callable

_LOOK = 100  # steps between two looks at the losses
_REPORT = 0.5  # seconds between two reports of progress
_CHECKPOINT = 60.0  # seconds between two checkpoints within an epoch, at least
_SHARE = 20  # writing checkpoints may take one part in so many of the time


class Pacing:
    """The clock of a training; asking it costs a microsecond."""

    def __init__(self, on_step: Callable[[int, int, float], None], total: int, batch: int) -> None:
        self._on_step, self._total, self._batch = on_step, total, batch
        self._cost = 0.0
        self._saved = self._reported = self._epoch = time.monotonic()
        self._first = 0

    def epoch_begins(self, done: int) -> None:
        """Measure images per second from here, `done` steps of the training having been taken."""
        self._epoch, self._first = time.monotonic(), done

    def images_per_second(self, done: int) -> float:
        """Images of the steps since the epoch began here, over the time since then."""
        return (done - self._first) * self._batch / max(time.monotonic() - self._epoch, 1e-9)

    def look(self, done: int) -> bool:
        """Whether it is time to look at the losses; progress is reported meanwhile."""
        now = time.monotonic()
        if now - self._reported > _REPORT:
            self._reported = now
            self._on_step(done, self._total, self.images_per_second(done))
        return done % _LOOK == 0

    def checkpoint_due(self, *, within_epoch: bool) -> bool:
        """Whether a checkpoint is worth its time: at the end of an epoch sooner than within one."""
        since = time.monotonic() - self._saved
        return since > max(self._cost * _SHARE, _CHECKPOINT if within_epoch else 0.0)

    def timed(self, save: Callable[[], None]) -> None:
        """Write a checkpoint, and learn how long that takes."""
        began = time.monotonic()
        save()
        self._saved = time.monotonic()
        self._cost = self._saved - began
