"""Which rows belong together, and whether a split tears them apart."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.column_names import lesion_columns
from longtail.data.manifest import Manifest
from longtail.data.roles import COLUMN_ROLES


def grouping_columns(manifest: Manifest) -> list[str]:
    """Patient, lesion (under any of its names) and study, those that say something.

    The widest first: a split by patient keeps lesions and studies whole as well.
    """
    names = ["patient", *lesion_columns(list(manifest.table.columns)), "study"]
    return [name for name in names if manifest.has(name) and (manifest.column(name) != "").any()]


def grouping_column(manifest: Manifest, by: str | None = None) -> str:
    """The column to split by: `by` (also under its name in the user's file), else the widest group, else `image`."""
    if by is None:
        return next(iter(grouping_columns(manifest)), "image")
    if not manifest.has(by):  # a column that plays a part was renamed when the manifest was loaded
        by = next((part for part in COLUMN_ROLES if getattr(manifest.names, part) == by and manifest.has(part)), by)
    manifest.column(by)  # or the error that names the columns
    return by


def group_values(manifest: Manifest, by: str) -> npt.NDArray[np.object_]:
    """Each row's group as text, `(N,)`; a row with an empty one is a group of its own, under its image's name."""
    values = manifest.column(by)
    alone = "\0" + manifest.table["image"].to_numpy(dtype=object)  # no cell of a file begins so
    return np.where(values == "", alone, values)


def leaking_groups(manifest: Manifest, by: str, column: str = "split") -> int:
    """How many groups have rows in more than one part; rows without a group or without a part do not count."""
    pairs = pd.DataFrame({"group": manifest.column(grouping_column(manifest, by)), "part": manifest.column(column)})
    pairs = pairs[(pairs["group"] != "") & (pairs["part"] != "")].drop_duplicates()
    return int((pairs["group"].value_counts() > 1).sum())
