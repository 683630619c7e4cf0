"""What a server takes and what it refuses, and how a refusal is told."""

import math
import time
from dataclasses import dataclass

from longtail.errors import UserError


@dataclass(frozen=True)
class Limits:
    """Of one request: `bytes`, `images`, `pixels` of an image, `seconds` from its first byte to its answer.

    Of the server: `waiting` requests at once, more are told to come back (429); up to `batch` images go through a
    network together, and one waits up to `gather` seconds for others.
    """

    bytes: int = 64 << 20
    images: int = 8
    pixels: int = 60_000_000
    seconds: float = 30.0
    waiting: int = 32
    batch: int = 16
    gather: float = 0.005

    def __post_init__(self) -> None:
        for name in ("bytes", "images", "pixels", "seconds", "waiting", "batch"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise UserError(f"the limit '{name}' of a server is {value}; give a number above 0.")


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A request that gets no answer: the HTTP status and one sentence without anything that the client sent."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def seconds_left(until: float) -> float:
    """How long there is until `time.monotonic` says `until`; past it, the request is refused."""
    left = until - time.monotonic()
    if left <= 0:
        raise too_late()
    return left


def too_late() -> Refused:
    """What a request is told whose answer takes longer than `Limits.seconds`."""
    return Refused(503, "the answer took too long; try again with fewer or smaller images.")
