"""One process at a time in a folder: who holds it is written in the lock, and it is let go when that process ends."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from longtail.errors import UserError
from longtail.files import make_folder

LOCK = "lock"


@contextmanager
def held(folder: Path, what: str, *, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold `folder`; when another process does, wait for it after telling `on_wait`, or say who it is and stop."""
    with (make_folder(folder) / LOCK).open("a+") as file:
        if not _try(file.fileno()):
            file.seek(0)
            told = f"{what} '{folder}' is held by {_holder(file.read())}"
            if on_wait is None:
                raise UserError(f"{told}; wait for it to end, or choose another folder.")
            on_wait(told)
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        file.truncate(0)
        file.write(json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": _now()}))
        file.flush()
        yield


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(text: str) -> str:
    with suppress(ValueError, KeyError):
        told = json.loads(text)
        return f"process {told['process']} on {told['host']} since {told['since']}"
    return "another process"


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
