"""Whether a set of images is grey or coloured, by looking at the pixels of a few.

A file's mode does not tell: many radiographs are stored as RGB with three equal channels, and would take three times
the room for nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from longtail.data.images.decode import read_file, read_pixels
from longtail.data.images.image_file import ImageError

_LOOK_AT = 16
_SIDE = 256  # pixels looked at, about, along the shorter side
_TINT = 2.0  # grey levels by which channels differ on average; JPEG's own rounding stays far below


def usual_channels(paths: Sequence[Path]) -> Literal[1, 3]:
    """3 when any of up to 16 images, spread evenly over `paths`, has colour; else 1. Unusable files say nothing."""
    step = max(1, len(paths) // _LOOK_AT)
    return 3 if any(_has_colour(path) for path in paths[::step][:_LOOK_AT]) else 1


def _has_colour(path: Path) -> bool:
    try:
        pixels = read_pixels(read_file(path), path, channels=3, at_least=64).pixels
    except ImageError:
        return False
    if pixels.shape[2] == 1:
        return False
    step = max(1, min(pixels.shape[:2]) // _SIDE)  # a hundred million pixels say no more than these
    pixels = pixels[::step, ::step].astype(np.int16)
    return float((pixels.max(axis=2) - pixels.min(axis=2)).mean()) > _TINT
