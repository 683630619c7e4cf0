"""Many requests, one network call: a thread gathers what waits, predicts it together and hands the answers out.

Heat maps hook into the networks, so they wait in the same line and are made one by one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from longtail.export.bundle import Member, Values
from longtail.serve.intake import Picture

Answer = dict[str, Values]  # member -> (N, C)


@dataclass(eq=False)
class _Job:
    pictures: Sequence[Picture] = ()
    alone: Callable[[], Any] | None = None  # in place of pictures
    done: "Future[Any]" = field(default_factory=Future)


class Batcher:
    """One thread that owns the networks. `predict` and `alone` may be called from any thread and wait for their answer.

    `TimeoutError` when that takes longer than `seconds`.
    """

    def __init__(self, members: Sequence[Member], *, most: int = 16, gather: float = 0.005) -> None:
        self.members, self.most, self.gather = tuple(members), most, gather
        self.batches = self.images = 0  # done so far, for the metrics
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    def predict(self, pictures: Sequence[Picture], seconds: float) -> Answer:
        """Probabilities `(N, C)` of each member."""
        found: Answer = self._answered(_Job(pictures), seconds)
        return found

    def alone(self, work: Callable[[], Values], seconds: float) -> Values:
        """What `work` returns, with the networks to itself."""
        found: Values = self._answered(_Job(alone=work), seconds)
        return found

    def _answered(self, job: _Job, seconds: float) -> Any:
        with self._changed:
            if self._closed:
                raise TimeoutError
            self._jobs.append(job)
            self._changed.notify()
        try:
            return job.done.result(max(seconds, 0.0))
        except TimeoutError:
            job.done.cancel()  # if nobody has begun it, nobody will
            raise

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while jobs := self._gathered():
            begun = [job for job in jobs if job.done.set_running_or_notify_cancel()]
            if not begun:
                continue
            try:
                self._answer(begun)
            except Exception as error:  # each of them is told; the thread lives on
                for job in begun:
                    job.done.set_exception(error)

    def _answer(self, jobs: Sequence[_Job]) -> None:
        if jobs[0].alone is not None:
            jobs[0].done.set_result(jobs[0].alone())
            return
        values = self._values([picture for job in jobs for picture in job.pictures])
        start = 0
        for job in jobs:
            end = start + len(job.pictures)
            job.done.set_result({name: each[start:end] for name, each in values.items()})
            start = end

    def _gathered(self) -> list[_Job]:
        """What waits, up to `most` images (or one larger request, or one alone); empty when closed and done."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
        if self._jobs and sum(len(job.pictures) for job in tuple(self._jobs)) < self.most:
            time.sleep(self.gather)
        with self._changed:
            taken = [self._jobs.popleft()] if self._jobs else []
            count = sum(len(job.pictures) for job in taken)
            while self._jobs and taken[0].alone is None and self._jobs[0].alone is None:
                count += len(self._jobs[0].pictures)
                if count > self.most:
                    break
                taken.append(self._jobs.popleft())
            return taken

    def _values(self, pictures: Sequence[Picture]) -> Answer:
        stacked: dict[Any, Any] = {}
        for member in self.members:
            if member.images not in stacked:
                stacked[member.images] = np.stack([picture.pixels[member.images] for picture in pictures])
        found = {member.name: member.predict(stacked[member.images]) for member in self.members}
        self.batches, self.images = self.batches + 1, self.images + len(pictures)
        return found
