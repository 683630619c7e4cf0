"""From many grey levels (10 to 16 bits, Hounsfield units, floats) to 256.

A window is what a radiologist turns the contrast wheel for: levels below it are black, above it white, between them
they rise. DICOM PS3.3 C.11.2.1.2 defines the three curves.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import unknown_name

Window = Literal["file", "full", "minmax"] | tuple[float, float]
Levels = npt.NDArray[Any]
Grey = npt.NDArray[np.uint8]


def by_range(levels: Levels, low: float, high: float) -> Grey:
    """Levels (any shape) to 0..255: `low` and below 0, `high` and above 255, in proportion and rounded between."""
    span = max(float(high) - float(low), 1e-9)  # an image of one level becomes black, without a division by zero
    with np.errstate(over="ignore"):  # far above is white, however far
        return _to_bytes((levels.astype(np.float64) - low) / span)


def by_window(levels: Levels, center: float, width: float, curve: str = "LINEAR") -> Grey:
    """Levels to 0..255 by a DICOM window; `curve` is its VOI LUT Function."""
    if curve == "SIGMOID":
        with np.errstate(over="ignore"):
            return _to_bytes(1 / (1 + np.exp(-4 * (levels.astype(np.float64) - center) / width)))
    if curve == "LINEAR_EXACT":
        return by_range(levels, center - width / 2, center + width / 2)
    middle = center - 0.5
    return by_range(levels, middle - (width - 1) / 2, middle + (width - 1) / 2)


def sixteen_to_eight(values: npt.NDArray[np.uint16], window: Window) -> Grey:
    """16-bit pixels of a file that carries no window of its own, so `file` means the full range 0..65535."""
    if window == "minmax":
        low, high = int(values.min()), int(values.max())
        return looked_up(values, lambda levels: by_range(levels, low, high))
    if isinstance(window, tuple):
        center, width = window
        return looked_up(values, lambda levels: by_window(levels, center, width))
    return looked_up(values, lambda levels: by_range(levels, 0, 65535))


def looked_up(values: Levels, curve: Callable[[Levels], Grey]) -> Grey:
    """`curve` applied to every pixel, but computed once per level: exact, and a tenth of the time for 16 bits."""
    if values.dtype.itemsize > 2:
        levels, where = np.unique(values, return_inverse=True)
        return curve(levels)[where.reshape(values.shape)]
    limits = np.iinfo(values.dtype)
    table = curve(np.arange(limits.min, limits.max + 1))
    return table[values.astype(np.int32) - limits.min]


def _to_bytes(share: npt.NDArray[np.float64]) -> Grey:
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def window_of(text: str) -> Window:
    """A window as users write it: `file`, `full`, `minmax` or `CENTER,WIDTH` such as `40,400`."""
    match text:
        case "file" | "full" | "minmax":
            return text
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError as error:
        raise unknown_name("window", text, ("file", "full", "minmax", "CENTER,WIDTH")) from error
    return center, width
