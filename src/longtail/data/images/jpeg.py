"""JPEG through libjpeg-turbo (simplejpeg), decoded at a fraction of its size where the target is small.

A JPEG stores 8 x 8 blocks of frequencies; leaving out the high ones gives the image at 1/8, 2/8, ... of its size at
once. What remains is the unpacking of the file, about 100 MB/s for each core, and
only decoding less often beats that.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import simplejpeg

from longtail.data.images.grey_levels import Grey, Window
from longtail.data.images.image_file import ImageError, check_dimensions, open_raster, orientation
from longtail.data.images.raster import read_raster

# 5, 6 and 7 eighths have no fast path in libjpeg-turbo: the whole image is as quick.
EIGHTHS = (1, 2, 3, 4, 8)
# Twice the target or more keeps the antialiased resize that follows within half a grey level of the full decode.
OVERSAMPLING = 2
_APP1, _SCAN = 0xE1, 0xDA


def read_jpeg(
    data: bytes, path: Path, *, channels: int, at_least: int | None, window: Window
) -> tuple[Grey, tuple[int, int]]:
    """Upright pixels `(H, W, 1)` (grey, or one channel asked) or `(H, W, 3)`, and the original's `(height, width)`.

    Neither side is below `OVERSAMPLING * at_least`, unless the original is.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError as error:
        raise ImageError(path, f"its JPEG header is damaged or cut short ({error})") from error
    check_dimensions(path, width, height)
    if colours in ("CMYK", "YCCK"):  # Pillow knows that Adobe stores these inverted
        pixels = read_raster(data, path, "JPEG", channels=channels, window=window)
        return pixels, pixels.shape[:2]
    eighths = fewest_eighths(min(height, width), at_least)
    pixels = _decode(data, path, "GRAY" if channels == 1 or colours == "Gray" else "RGB", height, width, eighths)
    turn = _orientation(data)
    return turned(pixels, turn), (width, height) if turn >= 5 else (height, width)


def fewest_eighths(side: int, at_least: int | None) -> int:
    """The smallest scale (in eighths) at which `side` stays at `OVERSAMPLING * at_least` or more; 8 is the whole."""
    if at_least is None:
        return 8
    return next((n for n in EIGHTHS if _scaled(side, n) >= OVERSAMPLING * at_least), 8)


def turned(pixels: Grey, orientation: int) -> Grey:
    """Pixels `(H, W, C)` made upright, by EXIF's orientation 1 to 8."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _decode(data: bytes, path: Path, colours: str, height: int, width: int, eighths: int) -> Grey:
    rows, columns = _scaled(height, eighths), _scaled(width, eighths)
    try:
        pixels = simplejpeg.decode_jpeg(data, colours, min_height=rows, min_width=columns, strict=True)
    except ValueError as error:
        raise ImageError(path, f"it is damaged or cut short ({error})") from error
    if pixels.shape[:2] != (rows, columns):
        raise RuntimeError(f"libjpeg-turbo gave {pixels.shape} where {rows} x {columns} was asked")
    return np.asarray(pixels)


def _scaled(side: int, eighths: int) -> int:
    return -(-side * eighths // 8)


def _orientation(data: bytes) -> int:
    if not has_exif(data):
        return 1
    with open_raster("JPEG", BytesIO(data)) as image:
        return orientation(image)


def has_exif(data: bytes) -> bool:
    """Whether an EXIF segment comes before the pixels; walks the markers, which is quicker than any search."""
    place = 2
    while data[place : place + 1] == b"\xff" and place + 4 <= len(data):
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker == _SCAN:
            return False
        if marker == _APP1 and data[place + 4 : place + 10] == b"Exif\0\0":
            return True
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
