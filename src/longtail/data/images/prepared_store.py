"""The files of one set of prepared images: a flat file of pixels, and an index from content to place in it.

    pixels.u8     slots of height * width * channels bytes; slot 0 is black, for images that could not be read
    index.sqlite  which content (hash) is in which slot, what hash a file had when last seen, which content is bad
    lock          held by the one process that writes

Pixels reach the disk before the index names them, so a process killed at any moment loses at most its last batch and
never leaves a slot with the wrong pixels. Readers need no lock: what the index names does not change.
"""

import fcntl
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longtail.data.images.grey_levels import Grey, Window
from longtail.data.images.resize import Rule
from longtail.errors import UserError
from longtail.files import explain, make_folder

FORMAT = 1  # raise it with any change of decoding, resizing or layout that changes a pixel: the sets are then made anew
PIXELS, INDEX, LOCK = "pixels.u8", "index.sqlite", "lock"
_BUSY_SECONDS = 60
_SCHEMA = """
create table if not exists about (key text primary key, value text not null);
create table if not exists slots (hash blob primary key, slot integer not null unique, crc integer not null);
create table if not exists files (path blob primary key, size integer, mtime integer, hash blob not null);
create table if not exists bad (hash blob primary key, reason text not null, decoders text not null);
"""


@dataclass(frozen=True)
class PixelKey:
    """Everything that determines an image's prepared pixels, apart from the image."""

    size: int
    resize: Rule = "squash"
    channels: int = 1
    window: Window = "file"
    from_size: int | None = None

    @property
    def name(self) -> str:
        """The folder's name, such as `224-squash-1ch-v1`."""
        window = f"{self.window[0]:g}_{self.window[1]:g}" if isinstance(self.window, tuple) else self.window
        told = "" if self.window == "file" else f"-{window}"
        source = f"-from{self.from_size}" if self.from_size else ""
        return f"{self.size}-{self.resize}-{self.channels}ch{told}{source}-v{FORMAT}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """One image's (height, width, channels)."""
        return (self.size, self.size, self.channels)

    @property
    def slot_bytes(self) -> int:
        """Bytes of one image."""
        return self.size * self.size * self.channels


@dataclass(frozen=True)
class Seen:
    """A file as it was when its content was hashed: another size or time, and it is read again."""

    size: int
    mtime: int
    hash: bytes


@dataclass
class Contents:
    """What an index holds."""

    slots: dict[bytes, int]
    files: dict[bytes, Seen]
    bad: dict[bytes, tuple[str, str]]  # reason, decoders


def content_hash(data: bytes) -> bytes:
    """What a file's content is known by: 128 bits of SHA-256, which processors have instructions for."""
    return hashlib.sha256(data).digest()[:16]


class Store:
    """One set of prepared images, in `place`; opened for reading, or for writing under its lock."""

    def __init__(self, folder: Path, key: PixelKey) -> None:
        self.key, self.place = key, folder / key.name
        self.pixels_path, self.index_path = self.place / PIXELS, self.place / INDEX

    def contents(self) -> Contents:
        """All that the index holds; empty before anything was prepared."""
        if not self.index_path.exists():
            return Contents({}, {}, {})
        with self._told(), closing(self._connect()) as index:
            if not index.execute("select 1 from sqlite_master where name = 'bad'").fetchone():
                return Contents({}, {}, {})  # its writer was killed at once, or has just begun
            slots = dict(index.execute("select hash, slot from slots"))
            files = {path: Seen(*facts) for path, *facts in index.execute("select path, size, mtime, hash from files")}
            bad = {key: (reason, by) for key, reason, by in index.execute("select hash, reason, decoders from bad")}
        whole = self.whole_slots()
        return Contents({key: slot for key, slot in slots.items() if slot < whole}, files, bad)

    def whole_slots(self) -> int:
        """Slots that the file of pixels really has; fewer than the index says when it was cut short since."""
        return self.pixels_path.stat().st_size // self.key.slot_bytes if self.pixels_path.exists() else 0

    def map(self) -> npt.NDArray[np.uint8]:
        """The pixels as `(slots, H, W, C)`, mapped into memory: the disk's cache is the only copy."""
        shape = (self.whole_slots(), *self.key.shape)
        # A plain array over the map: np.memmap's own class makes every index slower.
        return np.asarray(np.memmap(self.pixels_path, np.uint8, "r", shape=shape)).view(np.ndarray)

    @contextmanager
    def locked(self, on_wait: Callable[[Path], None] | None = None) -> Iterator["Writer"]:
        """The one writer; a second process waits here until the first is done."""
        make_folder(self.place)
        with self._told():
            lock = os.open(self.place / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _wait_for(lock, self.place, on_wait)
                with closing(self._created()) as index, closing(Writer(self, index)) as writer:
                    yield writer
            finally:
                os.close(lock)  # which lets go of it

    def _created(self) -> sqlite3.Connection:
        about = json.dumps({**asdict(self.key), "format": FORMAT})
        with ExitStack() as unless_made:
            index = unless_made.enter_context(closing(self._connect(write=True)))
            index.executescript(_SCHEMA)
            index.execute("insert or ignore into about values ('key', ?)", (about,))
            index.commit()
            unless_made.pop_all()
        return index

    def _connect(self, *, write: bool = False) -> sqlite3.Connection:
        index = None if write else self._read_only()
        return index or sqlite3.connect(self.index_path, timeout=_BUSY_SECONDS)

    def _read_only(self) -> sqlite3.Connection | None:
        """None after a killed writer: its journal must be rolled back, which a read-only connection may not do."""
        link = f"{self.index_path.absolute().as_uri()}?mode=ro"
        try:
            with ExitStack() as unless_read:
                index = unless_read.enter_context(closing(sqlite3.connect(link, uri=True, timeout=_BUSY_SECONDS)))
                index.execute("select 1 from sqlite_master").fetchone()
                unless_read.pop_all()
        except sqlite3.OperationalError:
            return None
        return index

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Failures of disk and index as one sentence each."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise UserError(
                f"the index of prepared images '{self.index_path}' cannot be used ({error}); check that its folder can"
                " be written to and its disk has space, or choose another store."
            ) from error
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"the index of prepared images '{self.index_path}' is damaged ({error}); delete the folder"
                f" '{self.place}' and prepare again."
            ) from error
        except OSError as error:
            error.filename = error.filename or str(self.pixels_path)
            raise UserError(explain(error) or f"cannot write '{error.filename}' ({error.strerror}).") from error


class Writer:
    """Appends images; nothing counts before `commit`."""

    def __init__(self, store: Store, index: sqlite3.Connection) -> None:
        self.store, self.index = store, index
        self._forget_lost()
        (highest,) = index.execute("select max(slot) from slots").fetchone()
        self.next_slot = 1 if highest is None else highest + 1
        self.pixels = os.open(store.pixels_path, os.O_RDWR | os.O_CREAT, 0o666)
        if highest is None:
            self._write(0, bytes(store.key.slot_bytes))

    def add(self, content: bytes, pixels: Grey) -> int:
        """Write one image into the next slot and return it."""
        slot, data = self.next_slot, pixels.tobytes()
        self._write(slot, data)
        self.index.execute("insert into slots values (?, ?, ?)", (content, slot, zlib.crc32(data)))
        self.next_slot += 1
        return slot

    def add_bad(self, content: bytes, reason: str, decoders: str) -> None:
        """Remember that this content cannot be decoded, and by which versions."""
        self.index.execute("insert or replace into bad values (?, ?, ?)", (content, reason, decoders))

    def add_file(self, path: bytes, seen: Seen) -> None:
        """Remember what a file holds, so that it need not be read again."""
        values = (path, seen.size, seen.mtime, seen.hash)
        self.index.execute("insert or replace into files values (?, ?, ?, ?)", values)

    def commit(self) -> None:
        """Everything added so far is on the disk and counts from now on; the order is what makes kills harmless."""
        os.fsync(self.pixels)
        self.index.commit()

    def forget(self, contents: Iterable[bytes]) -> None:
        """Take images out of the index, to be made again in new slots."""
        self.index.executemany("delete from slots where hash = ?", [(content,) for content in contents])
        self.index.commit()

    def damaged(self) -> list[bytes]:
        """The contents whose pixels are no longer what was written, by their checksums."""
        pixels = self.store.map()
        rows = self.index.execute("select hash, slot, crc from slots order by slot").fetchall()
        return [content for content, slot, crc in rows if zlib.crc32(pixels[slot].tobytes()) != crc]

    def close(self) -> None:
        """Drop what was not committed."""
        self.index.rollback()
        os.close(self.pixels)

    def _forget_lost(self) -> None:
        """A file of pixels that was cut short loses the slots beyond its end; they are made again."""
        self.index.execute("delete from slots where slot >= ?", (self.store.whole_slots(),))
        self.index.commit()

    def _write(self, slot: int, data: bytes) -> None:
        """By pwrite rather than through the map, where a full disk would be a crash instead of an error."""
        start, view = slot * self.store.key.slot_bytes, memoryview(data)
        while view:
            done = os.pwrite(self.pixels, view, start)
            start, view = start + done, view[done:]


def _wait_for(lock: int, place: Path, on_wait: Callable[[Path], None] | None) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if on_wait:
            on_wait(place)
        fcntl.flock(lock, fcntl.LOCK_EX)
