"""From an image file to its pixels or its size, whatever the format."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from longtail.data.images.dicom import dicom_size, read_dicom
from longtail.data.images.grey_levels import Grey, Window
from longtail.data.images.image_file import (
    HEADER_BYTES,
    ImageError,
    is_sideways,
    is_too_large,
    kind_of,
    open_raster,
    open_without_waiting,
    refusal,
    stored_size,
)
from longtail.data.images.jpeg import read_jpeg
from longtail.data.images.raster import luma, read_raster
from longtail.errors import UserError

MAX_FILE = 1 << 30  # bytes; no single radiograph or photograph comes near


@dataclass(frozen=True)
class Decoded:
    """Upright pixels `(H, W, C)`, and the `(height, width)` of the original, which a scaled decode is smaller than."""

    pixels: Grey
    original: tuple[int, int]


def decode(
    path: str | Path, *, channels: Literal[1, 3] = 1, at_least: int | None = None, window: Window = "file"
) -> Grey:
    """The upright pixels of one image file, `(H, W, channels)` uint8.

    With `at_least`, a large JPEG may come at a fraction of its size, but neither side below twice `at_least`.
    `window` maps files of more than 256 levels: `file` (DICOM's own window, else lowest to highest level; the full
    range for 16-bit PNG and TIFF), `full`, `minmax`, or `(center, width)`. Transparency becomes white.
    Raises `ImageError` for a file that is absent, damaged, cut short or too large: never a silent half image.
    """
    path = Path(path)
    found = read_pixels(read_file(path), path, channels=channels, at_least=at_least, window=window)
    return with_channels(found.pixels, channels)


def read_file(path: Path) -> bytes:
    """The bytes of an image file; `ImageError` says why not."""
    try:
        with open_without_waiting(path) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(path, "it is not a file")
            if status.st_size > MAX_FILE:
                raise ImageError(path, f"its {status.st_size:,} bytes are over the limit of {MAX_FILE:,}")
            data = file.read()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ImageError(path, refusal(error)) from error
    if not data:
        raise ImageError(path, "it is empty")
    return data


def read_pixels(
    data: bytes, path: Path, *, channels: Literal[1, 3] = 1, at_least: int | None = None, window: Window = "file"
) -> Decoded:
    """Decode the bytes of `path`; a grey image stays `(H, W, 1)` even where three channels are asked (cheaper)."""
    try:
        return _by_kind(data, path, channels, at_least, window)
    except UserError:
        raise
    except MemoryError as error:
        raise ImageError(path, "there was not enough memory to decode it") from error
    except Exception as error:  # decoders raise nearly anything on damaged files
        text = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
        raise ImageError(path, f"it is damaged or cut short ({text})") from error


def with_channels(pixels: Grey, channels: Literal[1, 3]) -> Grey:
    """Grey or colour pixels `(H, W, C)` as exactly `channels`."""
    if pixels.shape[2] == channels:
        return pixels
    return np.repeat(pixels, 3, axis=2) if channels == 3 else luma(pixels)


def image_size(path: str | Path) -> tuple[int, int] | None:
    """`(width, height)` by the header alone, upright (EXIF); None when that cannot be read."""
    path = Path(path)
    try:
        with open_without_waiting(path) as file:
            kind = kind_of(file.read(HEADER_BYTES), path)
            file.seek(0)
            if kind == "DICOM":
                return dicom_size(path)
            if kind is None:
                return None
            with open_raster(kind, file) as image:
                width, height = stored_size(image)
                turned = not is_too_large(width, height) and is_sideways(image)
                return (height, width) if turned else (width, height)
    except Exception:  # a damaged header makes decoders raise nearly anything
        return None


def _by_kind(data: bytes, path: Path, channels: Literal[1, 3], at_least: int | None, window: Window) -> Decoded:
    kind = kind_of(data[:HEADER_BYTES], path)
    if kind is None:
        raise ImageError(path, "it is none of JPEG, PNG, TIFF, WebP, BMP and DICOM")
    if kind == "JPEG":
        return Decoded(*read_jpeg(data, path, channels=channels, at_least=at_least, window=window))
    if kind == "DICOM":
        pixels = read_dicom(data, path, window)
    else:
        pixels = read_raster(data, path, kind, channels=channels, window=window)
    return Decoded(pixels, (pixels.shape[0], pixels.shape[1]))
