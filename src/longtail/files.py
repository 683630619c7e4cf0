"""Files that are either whole or absent: everything is written beside its place and renamed into it."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.leftovers import clear_leftovers, temporary_prefix

_AIR = 64 << 20  # bytes that a disk should have left: a full one breaks other programs too


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; on success it becomes `path`, on failure it is removed.

    The rename is atomic and follows an fsync, so a reader (or a killed process) sees the old file or the new, never
    half. What a kill left of earlier temporary files is removed.
    """
    clear_leftovers(make_folder(path.parent))
    try:
        handle, name = tempfile.mkstemp(prefix=temporary_prefix(path.name), suffix=path.suffix[-20:], dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # what the user asked for
        raise
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())  # mkstemp's 0600 would lock colleagues out of a shared folder
        beside.replace(path)
    except OSError as error:
        if error.filename in (None, name):
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole, with `\\n` line ends on every system."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole; nan is refused, since JSON has none (use None)."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_object(path: Path, remedy: str) -> dict[str, Any]:
    """The JSON object in a file that is there; `remedy` ends the sentence that says what is wrong with another one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no UTF-8, or no JSON
        raise UserError(f"'{path}' is no JSON ({error}); {remedy}.") from error
    if not isinstance(found, dict):
        raise UserError(f"'{path}' holds no JSON object but {_shortened(json.dumps(found))}; {remedy}.")
    return found


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def make_folder(folder: Path) -> Path:
    """Create `folder` with its parents, or say in one sentence why that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"'{folder}' cannot be a folder: a file stands in its way; choose another folder.") from error
    except OSError as error:
        raise UserError(
            f"cannot create '{folder}' ({os.strerror(error.errno or 0)}); choose another folder."
        ) from error
    return folder


def require_free_space(folder: Path, need: int, what: str) -> None:
    """Refuse to start `what` when `folder`'s disk has less than `need` bytes (plus some air) left."""
    free = shutil.disk_usage(folder).free
    if free < need + _AIR:
        raise UserError(
            f"{what} needs {in_words(need + _AIR)} ({in_words(_AIR)} of it to spare) but the disk of '{folder}' has"
            f" {in_words(free)} free; free some space or choose a folder on another disk."
        )


def in_words(size: float) -> str:
    """Bytes for people: `1.5 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} TiB"


def explain(error: OSError | UnicodeEncodeError) -> str | None:
    """One sentence for the operating system's refusals that users meet, or None for a fault that is ours."""
    if isinstance(error, UnicodeEncodeError):  # Python stands in with surrogates for bytes of a name that are no text
        odd = error.reason == "surrogates not allowed"
        return f"the file or folder name {error.object[-200:]!a} is not UTF-8; rename it." if odd else None
    where = f" at '{error.filename}'" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"the disk is full{where}: nothing finished was lost; free some space and repeat the command."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"no permission to read or write{where}; choose a folder that you may write to."
        case errno.ENOENT:
            return f"no such file or folder{where}; check the path."
        case errno.ENAMETOOLONG:
            return f"the name is too long for the disk{where}; choose a shorter one."
        case errno.EISDIR:
            return f"a folder stands where a file was expected{where}; name the file itself."
    return None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
