"""Box tables: where a finding is, in pixels of the image file that the row names.

Columns: image, label, left, top, right, bottom; `right` and `bottom` are just past the last pixel, so a box has the
area (right - left) * (bottom - top).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data.manifest import BOX_COLUMNS
from longtail.data.tables import read_text_table, row_place
from longtail.errors import UserError, listing

SIDES = ("left", "top", "right", "bottom")


def load_boxes(path: str | Path) -> pd.DataFrame:
    """Read a box table: `(B, 6)`, sides as float64."""
    path = Path(path)
    raw = read_text_table(path, may_be_empty=True)  # a part of a data set may have none
    if missing := [name for name in BOX_COLUMNS if name not in raw.column_names]:
        raise UserError(
            f"the box table '{path}' lacks the column {listing(missing)}; it needs {', '.join(BOX_COLUMNS)}"
            f" and has {listing(raw.column_names)}."
        )
    table = pd.DataFrame({name: raw.column(name).to_pandas().astype("str") for name in BOX_COLUMNS})
    for side in SIDES:
        numbers = pd.to_numeric(table[side], errors="coerce").to_numpy(dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            raise UserError(
                f"{row_place(path, int(bad[0]))}, column '{side}' of '{path}' holds '{table[side][int(bad[0])]}';"
                " a box side is a number of pixels."
            )
        table[side] = numbers
    return table


def box_table(rows: list[tuple[str, str, float, float, float, float]]) -> pd.DataFrame:
    """A box table from `(image, label, left, top, right, bottom)` tuples."""
    table = pd.DataFrame(rows, columns=list(BOX_COLUMNS))
    return table.astype({"image": "str", "label": "str", **dict.fromkeys(SIDES, np.float64)})
