"""Published boxes as numbers, and from the frame in which they were published to the pixels of the image files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.images.decode import image_size
from longtail.data.tables import row_place
from longtail.errors import UserError


def numbers_of(table: pd.DataFrame, columns: Sequence[str], path: Path) -> npt.NDArray[np.float64]:
    """`(N, len(columns))` numbers from cells of text; one that is no number is named by its place."""
    cells = table[list(columns)]
    numbers = np.stack(
        [pd.to_numeric(cells[name], errors="coerce").to_numpy(dtype=np.float64) for name in columns], axis=1
    )
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        place = row_place(path, int(table.index[row]))
        raise UserError(
            f"{place}, column '{columns[column]}' of '{path}' holds '{cells.iat[row, column]!s}';"
            " a box side is a number."
        )
    return numbers


def sizes_of(images: Iterable[str], root: Path) -> npt.NDArray[np.float64]:
    """`(N, 2)` width and height of each image from its header, read once; nan for one that is not there."""
    known: dict[str, tuple[float, float]] = {}
    names = list(images)
    for name in dict.fromkeys(names):
        size = image_size(root / name) if (root / name).exists() else None
        known[name] = size or (np.nan, np.nan)
    return np.array([known[name] for name in names], dtype=np.float64).reshape(-1, 2)


def rescaled(
    sides: npt.NDArray[np.float64], frames: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """`(N, 4)` left, top, right, bottom from frames `(N, 2)` to image sizes `(N, 2)`; unchanged where a size is nan."""
    scale = sizes / frames
    scale[np.isnan(scale)] = 1.0
    return np.asarray(sides * np.concatenate([scale, scale], axis=1), dtype=np.float64)
