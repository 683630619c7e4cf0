"""Many requests, one network call: a thread gathers what waits, predicts it together and hands the answers out."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from longtail.export.bundle import Member, Values
from longtail.serve.intake import Picture

Answer = dict[str, Values]  # member -> (N, C)


@dataclass(eq=False)
class _Job:
    pictures: Sequence[Picture]
    done: "Future[Answer]" = field(default_factory=Future)


class Batcher:
    """One thread that owns the networks. `predict` may be called from any thread and waits for its own answer."""

    def __init__(self, members: Sequence[Member], *, most: int = 16, gather: float = 0.005) -> None:
        self.members, self.most, self.gather = tuple(members), most, gather
        self.batches = self.images = 0  # done so far, for the metrics
        self.networks = threading.Lock()  # held while they run: heat maps hook into them
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    def predict(self, pictures: Sequence[Picture], seconds: float) -> Answer:
        """Probabilities `(N, C)` of each member; `TimeoutError` when the answer takes longer than `seconds`."""
        job = _Job(pictures)
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
                values = self._values([picture for job in begun for picture in job.pictures])
            except Exception as error:  # each of them is told; the thread lives on
                for job in begun:
                    job.done.set_exception(error)
                continue
            _hand_out(begun, values)

    def _gathered(self) -> list[_Job]:
        """What waits, up to `most` images (or one larger request); empty when closed and done."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
        if self._jobs and sum(len(job.pictures) for job in tuple(self._jobs)) < self.most:
            time.sleep(self.gather)
        with self._changed:
            taken: list[_Job] = []
            count = 0
            while self._jobs and (not taken or count + len(self._jobs[0].pictures) <= self.most):
                taken.append(self._jobs.popleft())
                count += len(taken[-1].pictures)
            return taken

    def _values(self, pictures: Sequence[Picture]) -> Answer:
        stacked: dict[Any, Any] = {}
        for member in self.members:
            if member.images not in stacked:
                stacked[member.images] = np.stack([picture.pixels[member.images] for picture in pictures])
        with self.networks:
            found = {member.name: member.predict(stacked[member.images]) for member in self.members}
        self.batches, self.images = self.batches + 1, self.images + len(pictures)
        return found


def _hand_out(jobs: Sequence[_Job], values: Answer) -> None:
    start = 0
    for job in jobs:
        end = start + len(job.pictures)
        job.done.set_result({name: each[start:end] for name, each in values.items()})
        start = end
