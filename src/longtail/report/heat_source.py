"""Where a report's heat maps come from: a folder of PNG files with a `heatmaps.csv`, or a function."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, UnidentifiedImageError

from longtail.errors import UserError
from longtail.files import make_folder, written_whole

Heat = npt.NDArray[np.float32]
HeatMaps = Callable[[str, str], Heat | None]  # the manifest's image text and a label, to `(h, w)` in 0..1
INDEX = "heatmaps.csv"
_COLUMNS = ("image", "label", "file")


def heat_source(heatmaps: str | Path | HeatMaps | None) -> HeatMaps:
    """A function of image and label, whatever was given; without heat maps it always answers None."""
    if heatmaps is None:
        return lambda _image, _label: None
    return heatmaps if callable(heatmaps) else _from_folder(Path(heatmaps))


def write_heatmaps(maps: dict[tuple[str, str], Any], folder: Path) -> Path:
    """Write maps `(h, w)` in 0..1 by (image, label) as a folder that `heat_source` reads."""
    make_folder(folder)
    rows = []
    for place, ((image, label), heat) in enumerate(maps.items()):
        levels = np.round(255 * np.nan_to_num(np.asarray(heat, np.float32)).clip(0, 1)).astype(np.uint8)
        with written_whole(folder / f"{place:06d}.png") as beside:
            Image.fromarray(levels).save(beside, "PNG")
        rows.append((image, label, f"{place:06d}.png"))
    with written_whole(folder / INDEX) as beside:
        pd.DataFrame(rows, columns=list(_COLUMNS)).to_csv(beside, index=False)
    return folder


def _from_folder(folder: Path) -> HeatMaps:
    index = folder / INDEX
    if not index.exists():
        raise UserError(f"'{folder}' has no {INDEX}; heat maps are PNG files and a table with {', '.join(_COLUMNS)}.")
    table = pd.read_csv(index, dtype=str, keep_default_na=False)
    if missing := [name for name in _COLUMNS if name not in table]:
        raise UserError(f"'{index}' has no column '{missing[0]}'; it needs {', '.join(_COLUMNS)}.")
    files = {(row.image, row.label): str(row.file) for row in table.itertuples()}
    return lambda image, label: _read(folder / files[image, label]) if (image, label) in files else None


def _read(path: Path) -> Heat:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"the heat map '{path}' cannot be read; write it again, or take its row out.") from error
