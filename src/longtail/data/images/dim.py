"""Whether 16-bit files use so little of their range that they become nearly black, as 12-bit levels in a 16-bit PNG do.

Such a file does not say how many bits count, and published results rest on the full range: pixels stay as they are,
and who prepares them is told.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from longtail.data.images.grey_levels import Window
from longtail.data.images.image_file import (
    HEADER_BYTES,
    check_dimensions,
    kind_of,
    open_raster,
    open_without_waiting,
    stored_size,
)

_LOOK_AT = 8
_FULL = 65535


def dim_warning(paths: Sequence[Path], window: Window = "file") -> str | None:
    """A sentence where most of up to 8 of the 16-bit images, spread evenly over `paths`, use less than half the range.

    None where `window` spreads the levels itself. Files that cannot be read, and black ones, say nothing.
    """
    if window not in ("file", "full"):
        return None
    step = max(1, len(paths) // _LOOK_AT)
    highest = [level for path in paths[::step][:_LOOK_AT] if (level := _highest_level(path))]
    dim = [level for level in highest if level <= _FULL // 2]
    if 2 * len(dim) <= len(highest):
        return None
    top = max(dim)
    levels = 1 << top.bit_length()
    return (
        f"{len(dim)} of {len(highest)} 16-bit images looked at hold no level above {top:,} of {_FULL:,}, as files of"
        f" {top.bit_length()} bits do, and so become nearly black (at most {round(top * 255 / _FULL)} of 255); spread"
        f" their levels with --window minmax (each image by its own) or --window {levels // 2},{levels} (all alike), in"
        " a recipe with images: {window: minmax}."
    )


def _highest_level(path: Path) -> int | None:
    """Of a 16-bit grey PNG or TIFF; None for every other file."""
    try:
        with open_without_waiting(path) as file:
            kind = kind_of(file.read(HEADER_BYTES), path)
            if kind not in ("PNG", "TIFF"):
                return None
            file.seek(0)
            with open_raster(kind, file) as image:
                if image.mode != "I" and not image.mode.startswith("I;16"):
                    return None
                check_dimensions(path, *stored_size(image))
                return int(np.asarray(image).max())
    except Exception:  # decoders raise nearly anything on damaged files, which are named when they are prepared
        return None
