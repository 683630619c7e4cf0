"""Label files published one per split, such as train.csv, development.csv and test.csv."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.readers.published import BlankPolicy, find_files, names_in, read_published, states_of
from longtail.data.states import UncertainPolicy
from longtail.errors import UserError, nearest


@dataclass(frozen=True)
class Part:
    """One published file: the split that it is, and its cells as text."""

    split: str
    path: Path
    table: pd.DataFrame


def read_parts(
    root: Path,
    patterns: Mapping[str, Sequence[str]],
    columns: Iterable[str],
    publication: str,
    *,
    aliases: Mapping[str, str] | None = None,
) -> list[Part]:
    """The file of each split that is there (`patterns` by split); at least one must be."""
    needed = list(columns)
    found = {split: find_files(root, forms) for split, forms in patterns.items()}
    parts = [
        Part(split, paths[0], read_published(paths[0], needed, publication, aliases=aliases))
        for split, paths in found.items()
        if paths
    ]
    if not parts:
        forms = " or ".join(names_in(forms) for forms in patterns.values())
        raise UserError(
            f"no file {forms} in '{root}'; that is what {publication} publishes: give the folder that holds them with"
            " --root."
        )
    return parts


def rows_of(parts: Sequence[Part], names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of all parts with their `split`; `names` maps manifest columns to published ones ('' where absent)."""
    tables = [
        pd.DataFrame(
            {
                name: part.table.get(published, pd.Series("", index=part.table.index))
                for name, published in names.items()
            }
        ).assign(split=part.split)
        for part in parts
    ]
    return pd.concat(tables, ignore_index=True)


def states_of_parts(
    parts: Sequence[Part],
    labels: Sequence[str],
    publication: str,
    *,
    uncertain: UncertainPolicy = "unknown",
    blank: BlankPolicy = "unknown",
) -> npt.NDArray[np.float32]:
    """`(N, C)` states of all parts' rows; val and test files published without labels are unknown (nan)."""
    blocks = []
    for part in parts:
        missing = [name for name in labels if name not in part.table]
        if len(missing) == len(labels) and part.split != "train":
            blocks.append(np.full((len(part.table), len(labels)), np.nan, dtype=np.float32))
            continue
        if missing:
            raise _no_label(part, missing[0], publication)
        blocks.append(states_of(part.table, labels, part.path, uncertain=uncertain, blank=blank))
    return np.concatenate(blocks)


def _no_label(part: Part, name: str, publication: str) -> UserError:
    guess = nearest(name, part.table.columns)
    hint = f" (it has '{guess}')" if guess else ""
    return UserError(
        f"'{part.path}' has no column '{name}'{hint}; the form of {publication} was expected, which has a column for"
        " each of its labels."
    )
