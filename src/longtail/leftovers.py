"""What killed processes leave behind: files under temporary names, which tell by themselves whose they were."""

import hashlib
import os
import re
import shutil
import socket
import time
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

_NAME = re.compile(r"\..*\.([0-9a-f]{6})-([0-9]+)\.[a-z0-9_]{8}.*", re.DOTALL)
_DAY = 86_400


def temporary_prefix(name: str) -> str:
    """How a temporary name of `name` begins: hidden, then where and by which process; eight letters are to follow."""
    return f".{name}"[:40] + f".{_here()}-{os.getpid()}."


@lru_cache(maxsize=4096)  # a process that works in a folder for hours need not look at it again and again
def clear_leftovers(folder: Path) -> None:
    """Remove temporary files and folders in `folder` whose process is gone."""
    with suppress(OSError):  # whoever may not look or remove may still be able to write
        for entry in os.scandir(folder):
            if (found := _NAME.fullmatch(entry.name)) and _gone(entry, found[1], int(found[2])):
                _remove(Path(entry.path))


@cache
def _here() -> str:
    """This machine since it started, and the processes that it sees: those of a container are others."""
    told = [socket.gethostname()]
    with suppress(OSError):
        told += [Path("/proc/sys/kernel/random/boot_id").read_text(), str(Path("/proc/self/ns/pid").readlink())]
    return hashlib.blake2b("\n".join(told).encode(), digest_size=3).hexdigest()


def _gone(entry: "os.DirEntry[str]", where: str, process: int) -> bool:
    """Processes of this machine are asked for; of others, nothing is under way for a day."""
    if where != _here() or os.name != "posix":
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # another user's, so it is there; or no number of a process
        return False
    return False


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
