"""Means over groups of classes by how common they are: all, major and minor, as papers tell mean class recall."""

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.evaluate.arrays import Integers
from longtail.evaluate.defined import Mean, macro


def class_groups(class_counts: npt.ArrayLike, major: int = 3, minor: int = 3) -> dict[str, Integers]:
    """Classes of `all`, `major` (the most frequent) and `minor` (the least), by training counts `(C,)`.

    The papers take 3 and 3, or 3 and 2 where classes are few. Of equal counts the first class is the more frequent.
    """
    counts = np.asarray(class_counts)
    if counts.ndim != 1 or major < 1 or minor < 1 or major + minor > len(counts):
        raise UserError(
            f"{counts.size} classes cannot give {major} major and {minor} minor ones that do not overlap;"
            " give smaller groups of 1 class or more."
        )
    order = np.argsort(-counts.astype(np.float64), kind="stable").astype(np.int64)
    return {"all": np.arange(len(counts)), "major": np.sort(order[:major]), "minor": np.sort(order[-minor:])}


def group_means(values: npt.ArrayLike, groups: dict[str, Integers]) -> dict[str, Mean]:
    """The mean of `values` `(C,)` over each group's classes that are defined, and how many those are."""
    array = np.asarray(values, dtype=np.float64)
    return {name: macro(array[members]) for name, members in groups.items()}
