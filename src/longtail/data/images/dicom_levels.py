"""DICOM's grey scale: from stored values to what a viewer shows, by the tags that the file carries.

PS3.3 C.11.1 (modality), C.11.2 (values of interest: table, then window), C.7.6.3.1.2 (MONOCHROME1 means that the
lowest value is white). Everything here is a curve over levels, applied to the pixels by one table look-up.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.images.grey_levels import Grey, Levels, Window, by_range, by_window, looked_up
from longtail.data.images.image_file import ImageError

Curve = Callable[[Levels], Grey]


def to_grey(stored: npt.NDArray[Any], header: Any, path: Path, window: Window) -> Grey:
    """Stored values `(H, W)` to 0..255, black to white as displayed."""
    if stored.dtype.kind not in "iu":
        raise ImageError(path, "its pixels are floating point numbers, which is no displayable image")
    with np.errstate(over="ignore", invalid="ignore"):
        ends = modality(np.array([stored.min(), stored.max()]), header)
    if not np.isfinite(ends).all():
        raise ImageError(path, "its rescale slope and intercept make its levels infinite")
    show = _curve(stored, header, window)
    inverted = header.get("PhotometricInterpretation") == "MONOCHROME1"

    def shown(levels: Levels) -> Grey:
        with np.errstate(over="ignore", invalid="ignore"):  # of levels that the table has and the image has not
            grey = show(modality(levels, header))
        return 255 - grey if inverted else grey

    return looked_up(stored, shown)


def modality(levels: Levels, header: Any) -> npt.NDArray[np.float64]:
    """Stored values to the device's units (such as Hounsfield's), by table or by slope and intercept."""
    if tables := header.get("ModalityLUTSequence"):
        values, _ = from_table(levels, tables[0], header)
        return values
    slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    return levels * (1.0 if slope is None else float(slope)) + (0.0 if intercept is None else float(intercept))


def from_table(levels: Levels, table: Any, header: Any) -> tuple[npt.NDArray[np.float64], int]:
    """Levels looked up in a DICOM LUT, whose first and last entry hold beyond its ends; and the LUT's depth in bits."""
    count, first, bits = (int(number) for number in table.LUTDescriptor)
    entries = _entries(table, header)[: count % 65536 or 65536]  # 0 stands for 65,536
    first = first - 65536 if first > 32767 and int(header.get("PixelRepresentation", 0)) else first
    where = np.clip(np.rint(levels).astype(np.int64) - first, 0, len(entries) - 1)
    return entries[where].astype(np.float64), bits


def _entries(table: Any, header: Any) -> npt.NDArray[Any]:
    """A LUT's data, which is a list of numbers or, by another way to write the same, bytes."""
    data = table.LUTData
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, dtype=np.int64))
    if len(data) < 2 * (int(table.LUTDescriptor[0]) % 65536 or 65536):
        return np.frombuffer(data, np.uint8)
    return np.frombuffer(data, "<u2" if header.original_encoding[1] else ">u2")


def _curve(stored: npt.NDArray[Any], header: Any, window: Window) -> Curve:
    """From the device's units to 0..255: what the user asks, else the file's table, else its window, else its range."""
    if isinstance(window, tuple):
        return lambda levels: by_window(levels, *window)
    if window == "full":
        low, high = _ends(_full_range(header), header)
        return lambda levels: by_range(levels, low, high)
    if window == "file":
        if tables := header.get("VOILUTSequence"):
            return lambda levels: _by_table(levels, tables[0], header)
        center, width = _first(header.get("WindowCenter")), _first(header.get("WindowWidth"))
        if center is not None and width is not None and width > 0:
            curve = str(header.get("VOILUTFunction") or "LINEAR").upper()
            return lambda levels: by_window(levels, center, width, curve)
    low, high = _ends(_unpadded(stored, header), header)
    return lambda levels: by_range(levels, low, high)


def _by_table(levels: Levels, table: Any, header: Any) -> Grey:
    values, bits = from_table(levels, table, header)
    return by_range(values, 0, 2**bits - 1)


def _first(value: Any) -> float | None:
    """A number, or the first of several (alternative windows; the first is the default one)."""
    if value is None or value == "":
        return None
    values = list(value) if hasattr(value, "__iter__") else [value]
    return float(values[0]) if values else None


def _full_range(header: Any) -> npt.NDArray[np.int64]:
    bits = int(header.BitsStored)
    signed = int(header.get("PixelRepresentation", 0))
    return np.array([-(1 << (bits - 1)), (1 << (bits - 1)) - 1] if signed else [0, (1 << bits) - 1], dtype=np.int64)


def _unpadded(stored: npt.NDArray[Any], header: Any) -> npt.NDArray[Any]:
    """Stored values without the padding around the image, unless there is nothing else."""
    padding = header.get("PixelPaddingValue")
    if padding is None:
        return stored
    limit = header.get("PixelPaddingRangeLimit")
    low, high = sorted((int(padding), int(padding if limit is None else limit)))
    kept = stored[(stored < low) | (stored > high)]
    return kept if kept.size else stored


def _ends(stored: npt.NDArray[Any], header: Any) -> tuple[float, float]:
    """Lowest and highest of stored values, in the device's units (a table or a negative slope may swap them)."""
    if header.get("ModalityLUTSequence"):
        values = modality(np.unique(stored), header)
    else:
        values = modality(np.array([stored.min(), stored.max()], dtype=np.int64), header)
    return float(values.min()), float(values.max())
