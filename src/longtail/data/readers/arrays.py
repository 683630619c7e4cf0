"""Arrays in `.npz` files, read in pieces and never unpickled: a 13 GB MedMNIST file needs no 13 GB of memory."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, listing, unknown_name

_PIECE = 64 << 20  # bytes held at a time


class Header(NamedTuple):
    """What an array is, without its values."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


class Npz:
    """The arrays of one `.npz` file; headers are read at once, values when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(".npy")]
                self.headers = {name.removesuffix(".npy"): self._header(archive, name) for name in names}
        except (zipfile.BadZipFile, EOFError) as error:
            raise UserError(f"'{path}' is not a readable .npz file; download or save it again.") from error

    def load(self, key: str) -> npt.NDArray[Any]:
        """One whole array."""
        pieces = list(self.batches(key)) if self._checked(key).shape else [self._whole(key)]
        return np.concatenate(pieces) if len(pieces) != 1 else pieces[0]

    def batches(self, key: str) -> Iterator[npt.NDArray[Any]]:
        """An array's rows, in order, a piece at a time."""
        header = self._checked(key)
        if header.fortran and len(header.shape) > 1:  # columns first: rows cannot be had in pieces
            yield self._whole(key)
            return
        row = int(np.prod(header.shape[1:], dtype=np.int64)) * header.dtype.itemsize
        step = max(1, _PIECE // max(1, row))
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{key}.npy") as file:
            _read_header(file)
            for start in range(0, max(1, header.shape[0]), step):
                count = min(step, header.shape[0] - start)
                data = self._exactly(file, count * row, key)
                yield np.frombuffer(data, dtype=header.dtype).reshape(count, *header.shape[1:])

    def _checked(self, key: str) -> Header:
        if key not in self.headers:
            raise unknown_name("array", key, self.headers, f"'{self.path}'")
        header = self.headers[key]
        if header.dtype.hasobject:
            raise UserError(
                f"array '{key}' of '{self.path}' holds Python objects, which are not read because unpickling can run"
                " code; save it again as numbers or as text (dtype 'U')."
            )
        return header

    def _header(self, archive: zipfile.ZipFile, name: str) -> Header:
        try:
            with archive.open(name) as file:
                return _read_header(file)
        except (ValueError, zlib.error) as error:
            raise self._damaged(name) from error

    def _whole(self, key: str) -> npt.NDArray[Any]:
        with np.load(self.path, allow_pickle=False) as arrays:
            return np.asarray(arrays[key])

    def _exactly(self, file: IO[bytes], size: int, key: str) -> bytes:
        try:
            data = file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise self._damaged(key) from error
        if len(data) < size:
            raise self._damaged(key)
        return data

    def _damaged(self, key: str) -> UserError:
        return UserError(f"array '{key}' of '{self.path}' is damaged or cut short; download or save the file again.")


def _read_header(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"npy version {version}")
    return Header(*read(file))


def as_pixels(batch: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """Images `(N, H, W[, C])` of 8 or 16 bits from `(N, H, W)`, channels last or first; `what` names them in errors."""
    if batch.dtype == np.bool_:
        batch = batch.astype(np.uint8) * np.uint8(255)
    if batch.dtype not in (np.uint8, np.uint16):
        raise UserError(
            f"{what} holds {batch.dtype}; images in arrays are uint8 or uint16: scale them to 0..255 and save them as"
            " uint8."
        )
    if batch.ndim == 4 and batch.shape[3] not in (1, 3, 4) and batch.shape[1] in (1, 3):
        batch = np.moveaxis(batch, 1, 3)
    if batch.ndim == 3 or (batch.ndim == 4 and batch.shape[3] in (1, 3, 4)):
        return batch
    raise UserError(
        f"{what} has the shape {batch.shape}; images are (N, height, width) or (N, height, width, channels) with"
        " 1, 3 or 4 channels."
    )


def require_rows(path: Path, rows: dict[str, int]) -> None:
    """Refuse arrays of one split that do not have a row for each image."""
    if len(set(rows.values())) > 1:
        told = listing([f"'{key}' {count:,}" for key, count in rows.items()])
        raise UserError(f"the arrays of '{path}' differ in rows: {told}; each image needs one row in each.")
