"""Where pixels come from: prepared images, an array, or several of them one after the other.

Levels may be uint8, uint16 (radiographs of 12 or 16 bits) or floats in [0, 1]; nothing is rounded to 8 bits on the way.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError

Pixels = npt.NDArray[Any]  # (B, H, W, C)
Rows = npt.NDArray[np.int64]


@runtime_checkable
class Source(Protocol):
    """What `longtail.data.prepare` gives, and anything alike."""

    def __len__(self) -> int:
        """How many images."""

    def rows(self, indices: Any, /) -> Pixels:
        """Pixels `(B, H, W, C)` of some images, in that order."""


class ArraySource:
    """Pixels `(N, H, W, C)` in memory or mapped from a file."""

    def __init__(self, pixels: Pixels) -> None:
        if pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or pixels.dtype not in (np.uint8, np.uint16, np.float32):
            raise UserError(
                f"the pixels are {pixels.dtype} of shape {pixels.shape}; give uint8, uint16 or float32 in [0, 1] as"
                " (images, height, width, 1 or 3)."
            )
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def rows(self, indices: Any, /) -> Pixels:
        """Pixels `(B, H, W, C)` of some images, in that order."""
        return self.pixels[np.asarray(indices, dtype=np.int64)]


class JoinedSources:
    """Several sources as one, counted through in their order; all of one image size and one number of channels."""

    def __init__(self, parts: Sequence[Source]) -> None:
        shapes = {part.rows([0]).shape[1:] for part in parts if len(part)}
        if len(shapes) != 1:
            raise UserError(
                f"the images to train on have the shapes {sorted(shapes)}; give at least one, and prepare all with one"
                " size and one number of channels."
            )
        self.parts = list(parts)
        self.ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def rows(self, indices: Any, /) -> Pixels:
        """Pixels `(B, H, W, C)` of some images, in that order."""
        wanted = np.asarray(indices, dtype=np.int64)
        which = np.searchsorted(self.ends, wanted, side="right")
        first = self.parts[0].rows([0]) if len(wanted) == 0 else self.parts[which[0]].rows([0])
        found = np.empty((len(wanted), *first.shape[1:]), first.dtype)
        for place in np.unique(which):
            chosen = which == place
            start = self.ends[place] - len(self.parts[place])
            found[chosen] = self.parts[place].rows(wanted[chosen] - start)
        return found


def as_source(images: Source | Pixels | Sequence[Source | Pixels]) -> Source:
    """One source of prepared images, an array, or a list of such."""
    if isinstance(images, np.ndarray):
        return ArraySource(images)
    if isinstance(images, Source):
        return images
    if isinstance(images, (list, tuple)) and images:
        return JoinedSources([as_source(each) for each in images])
    raise UserError(
        f"images to pre-train on are a {type(images).__name__}; give what longtail.data.prepare returns, an array"
        " (N, H, W, C), or a list of these."
    )
