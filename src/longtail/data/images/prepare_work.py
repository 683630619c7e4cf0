"""The work of preparing images: which files to read, and from a file to its prepared pixels, on every core."""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Container, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, cast

from longtail.data.images.decode import read_file, read_pixels, with_channels
from longtail.data.images.grey_levels import Grey
from longtail.data.images.image_file import ImageError, refusal
from longtail.data.images.prepared_store import Contents, PixelKey, Seen, Store, Writer, content_hash
from longtail.data.images.resize import resize

COMMIT_SECONDS = 5  # what a kill can cost
AHEAD = 8  # finished images for each worker that may wait for the writer
_DECODERS = ("pillow", "simplejpeg", "pydicom", "pylibjpeg-openjpeg", "python-gdcm")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """One file's outcome: what was seen (None where it could not be read), then pixels or the reason for none."""

    seen: Seen | None
    pixels: Grey | None = None
    reason: str | None = None


Make = Callable[[Path, Container[bytes]], Made]


@dataclass
class Plan:
    """Which rows' files are known already; the rest is to do. Each file is done once, however many rows name it."""

    names: list[bytes]  # each row's absolute path
    contents: Contents
    unreadable: dict[bytes, str] = field(default_factory=dict)
    todo: list[int] = field(default_factory=list)  # rows

    def outcome(self, row: int) -> tuple[bytes, int] | str:
        """A row's content and slot, or the reason why it has none."""
        name = self.names[row]
        if name in self.unreadable:
            return self.unreadable[name]
        content = self.contents.files[name].hash
        slot = self.contents.slots.get(content)
        return self.contents.bad[content][0] if slot is None else (content, slot)


def plan(paths: Sequence[Path], contents: Contents) -> Plan:
    """What is left to do; it looks at each file's size and time, and into none."""
    made = Plan([absolute_name(path) for path in paths], contents)
    looked_at: set[bytes] = set()
    for row, name in enumerate(made.names):
        if name in looked_at:
            continue
        looked_at.add(name)
        try:
            status = os.stat(name)  # noqa: PTH116  (bytes, as names need not be text)
        except (OSError, ValueError) as error:
            made.unreadable[name] = refusal(error)
            continue
        seen = contents.files.get(name)
        same = seen is not None and (seen.size, seen.mtime) == (status.st_size, status.st_mtime_ns)
        if seen is None or not same or not _settled(seen.hash, contents):
            made.todo.append(row)
    return made


def absolute_name(path: Path) -> bytes:
    """What a file is known by in the index; links are not followed, which would cost a look at every folder."""
    return os.fsencode(os.path.abspath(path))  # noqa: PTH100


def _settled(content: bytes, contents: Contents) -> bool:
    """Prepared, or refused by the very decoders that are here now: newer ones may read what older ones could not."""
    return content in contents.slots or (content in contents.bad and contents.bad[content][1] == decoders())


def carry_out(
    plan: Plan, paths: Sequence[Path], writer: Writer, make: Make, workers: int, on_progress: Progress | None
) -> int:
    """Do what is left, in the order of the rows, and return how many images were written."""
    before, last = writer.next_slot, time.monotonic()
    todo = [paths[row] for row in plan.todo]
    try:
        with closing(_in_order(todo, lambda path: make(path, plan.contents.slots), workers)) as outcomes:
            for done, (row, made) in enumerate(zip(plan.todo, outcomes, strict=True), 1):
                _record(plan, plan.names[row], made, writer)
                if time.monotonic() - last > COMMIT_SECONDS:
                    writer.commit()
                    last = time.monotonic()
                if on_progress:
                    on_progress(done, len(todo))
    except BaseException:  # Ctrl-C, a full disk, ...: what is done stays
        with suppress(OSError, sqlite3.Error):
            writer.commit()
        raise
    writer.commit()
    return writer.next_slot - before


def make_from_file(key: PixelKey) -> Make:
    """From an original to pixels: read, hash, decode, resize."""
    channels = cast(Literal[1, 3], key.channels)

    def make(path: Path, known: Container[bytes]) -> Made:
        try:
            status = path.stat()  # before the content: a file that changes in between is read again next time
            data = read_file(path)
        except ImageError as error:
            return Made(None, reason=error.reason)
        except (OSError, ValueError) as error:
            return Made(None, reason=refusal(error))
        seen = Seen(status.st_size, status.st_mtime_ns, content_hash(data))
        if seen.hash in known:
            return Made(seen)
        try:
            found = read_pixels(data, path, channels=channels, at_least=key.size, window=key.window)
        except ImageError as error:
            return Made(seen, reason=error.reason)
        small = resize(found.pixels, key.size, key.resize, original=found.original)
        return Made(seen, with_channels(small, channels))

    return make


def make_from_prepared(key: PixelKey, source: Store) -> Make:
    """From the same image prepared at another size, to which the resize rule was applied already."""
    contents, pixels = source.contents(), source.map()

    def make(path: Path, known: Container[bytes]) -> Made:
        seen = contents.files.get(absolute_name(path))
        if seen is None:
            return Made(None, reason="it could not be read")
        if seen.hash in contents.slots:
            there = seen.hash in known
            return Made(seen, None if there else resize(pixels[contents.slots[seen.hash]], key.size))
        return Made(seen, reason=contents.bad[seen.hash][0])

    return make


@cache
def decoders() -> str:
    """The versions of everything that decodes, such as `pillow 11.0 simplejpeg 1.9`."""
    found = []
    for name in _DECODERS:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return " ".join(found)


def _record(plan: Plan, name: bytes, made: Made, writer: Writer) -> None:
    contents = plan.contents
    if made.seen is None:
        plan.unreadable[name] = made.reason or "it could not be read"
        return
    content = made.seen.hash
    if made.reason is not None:
        contents.bad[content] = (made.reason, decoders())
        writer.add_bad(content, *contents.bad[content])
    elif made.pixels is not None and content not in contents.slots:  # two equal files may be under way at once
        contents.slots[content] = writer.add(content, made.pixels)
    contents.files[name] = made.seen
    writer.add_file(name, made.seen)


def _in_order(paths: Sequence[Path], make: Callable[[Path], Made], workers: int) -> Generator[Made, None, None]:
    """`make` of each path, in order, by threads (decoders let go of Python's lock), with a bounded number ahead."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="prepare") as pool:
        try:
            for path in paths:
                waiting.append(pool.submit(make, path))
                if len(waiting) >= workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
