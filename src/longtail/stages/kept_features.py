"""Features on the disk in pieces, found by what they are of: stages, folds and refits compute only what is not there.

A piece is two files, `IDENTITY-NAME.npy`, features `(views, rows, ...)`, and beside it `.keys`, 16 bytes for each of
its rows. The latter is written first, so a piece that is there is whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.files import written_whole

KEY_BYTES = 16
Keys = Sequence[bytes]


def new_piece(store: Path, identity: str, keys: Keys) -> Path:
    """Where features of rows with these keys are to be written, whole; says beside it whose they are."""
    joined = b"".join(keys)
    path = store / f"{identity}-{hashlib.sha256(joined).hexdigest()[:16]}.npy"
    with written_whole(_keys_beside(path)) as beside:
        Path(beside).write_bytes(joined)
    return path


@dataclass(frozen=True, eq=False)
class KeptFeatures:
    """Mapped pieces, and where each key's features lie in them."""

    pieces: list[npt.NDArray[Any]]
    where: dict[bytes, tuple[int, int]]  # key: piece, place

    @classmethod
    def open(cls, store: Path, identity: str) -> "KeptFeatures":
        """All pieces of an identity, in the order of their names; one whose keys somebody removed is none."""
        pieces: list[npt.NDArray[Any]] = []
        where: dict[bytes, tuple[int, int]] = {}
        for path in sorted(store.glob(f"{identity}-*.npy")):
            if not _keys_beside(path).is_file():
                continue
            joined = _keys_beside(path).read_bytes()
            keys = [joined[start : start + KEY_BYTES] for start in range(0, len(joined), KEY_BYTES)]
            where |= {key: (len(pieces), place) for place, key in enumerate(keys)}
            # a plain array on the map: memmap's own is slow to index
            pieces.append(np.load(path, mmap_mode="r").view(np.ndarray))
        return cls(pieces, where)

    def lacks(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which keys have no features yet; of equal ones the first alone."""
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        return np.array([key not in self.where and first[key] == place for place, key in enumerate(keys)], dtype=bool)

    def of(self, rows: npt.NDArray[np.int64], keys: Keys, count: int) -> "RowFeatures":
        """The features of `rows` of `count` prepared images, which have these keys."""
        found = np.array([self.where[key] for key in keys], dtype=np.int64).reshape(-1, 2)
        used, piece = np.unique(found[:, 0], return_inverse=True)
        places = np.full((count, 2), -1, dtype=np.int64)
        places[rows] = np.stack([piece, found[:, 1]], axis=1)
        return RowFeatures([self.pieces[each] for each in used], places)


@dataclass(frozen=True, eq=False)
class RowFeatures:
    """Features by row: row r's lie in piece `places[r, 0]` at `places[r, 1]`."""

    pieces: list[npt.NDArray[Any]]
    places: npt.NDArray[np.int64]

    @property
    def views(self) -> int:
        """How many versions there are of each image."""
        return len(self.pieces[0])

    def rows(self, rows: npt.NDArray[np.int64], view: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """`(B, ...)`: of each row the version `view`."""
        piece, place = self.places[rows].T
        if len(self.pieces) == 1:
            found: npt.NDArray[Any] = self.pieces[0][view, place]
            return found
        first = self.pieces[0]
        together = np.empty((len(rows), *first.shape[2:]), dtype=first.dtype)
        for number, features in enumerate(self.pieces):
            mine = piece == number
            together[mine] = features[view[mine], place[mine]]
        return together


def _keys_beside(path: Path) -> Path:
    return path.with_suffix(".keys")
