"""What readers share: finding a published file, checking its header, finding images, states from published cells."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.states import BAD, VALID_STATES, UncertainPolicy, state_of
from longtail.data.tables import read_text_table, row_place
from longtail.errors import UserError, listing, nearest

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm", ".dicom", ".tif", ".tiff", ".webp", ".bmp")
BlankPolicy = Literal["unknown", "negative"]


def anywhere(*names: str) -> tuple[str, ...]:
    """Patterns for a file in the root, one folder down, or anywhere below it, nearest first; gzip-compressed too."""
    either = [form for name in names for form in (name, f"{name}.gz")]
    return tuple(f"{depth}{name}" for depth in ("", "*/", "**/") for name in either)


def find_file(root: Path, patterns: Sequence[str], publication: str) -> Path:
    """The one file under `root` that matches the first fruitful pattern; the error says what was expected."""
    found = find_files(root, patterns)
    if not found:
        raise UserError(
            f"no file {names_in(patterns)} in '{root}'; that is what {publication} publishes: give the folder that"
            " holds it with --root."
        )
    return found[0]


def names_in(patterns: Sequence[str]) -> str:
    """The file names that patterns look for, each once, without folders and compressed forms."""
    names = dict.fromkeys(pattern.rpartition("/")[2].removesuffix(".gz") for pattern in patterns)
    return " or ".join(names)


def find_files(root: Path, patterns: Sequence[str]) -> list[Path]:
    """The files under `root` that match the first fruitful pattern, sorted; nearest to the root first."""
    if not root.is_dir():
        raise UserError(f"'{root}' is no folder; give the one that holds the published files with --root.")
    for pattern in patterns:
        if found := sorted(root.glob(pattern), key=lambda path: (len(path.parts), path)):
            return [path for path in found if path.is_file()]
    return []


def read_published(
    path: Path, columns: Iterable[str], publication: str, *, aliases: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The table at `path` as text; a column of `columns` that is missing or renamed is an error naming the form.

    `aliases` maps the column names of other editions of the same publication to those in `columns`.
    """
    raw = read_text_table(path)
    names = [(aliases or {}).get(name.strip(), name.strip()) for name in raw.column_names]
    table = pd.DataFrame({name: raw.column(i).to_pandas().astype("str") for i, name in enumerate(names)})
    for name in columns:
        if name not in table:
            guess = nearest(name, table.columns)
            hint = f" (it has '{guess}')" if guess else ""
            raise UserError(
                f"'{path}' has no column '{name}'{hint}; the form of {publication} was expected; it has"
                f" {listing(list(table.columns))}."
            )
    return table


def states_of(
    table: pd.DataFrame,
    labels: Sequence[str],
    path: Path,
    *,
    uncertain: UncertainPolicy = "unknown",
    blank: BlankPolicy = "unknown",
) -> npt.NDArray[np.float32]:
    """`(N, C)` states from the label columns of a published table; a cell that is no state is named."""
    return np.stack([_column(table[name], name, path, uncertain, blank) for name in labels], axis=1)


def _column(
    cells: "pd.Series[str]", name: str, path: Path, uncertain: UncertainPolicy, blank: BlankPolicy
) -> npt.NDArray[np.float32]:
    codes, words = pd.factorize(cells)
    lookup = np.array([state_of(word, uncertain) for word in words], dtype=np.float32)
    if blank == "negative":
        lookup[[not word.strip() for word in words]] = 0
    states = lookup[codes]
    bad = np.flatnonzero(states == BAD)
    if len(bad):
        place = row_place(path, int(cells.index[bad[0]]))  # the index says the row in the file, also of a selection
        raise UserError(
            f"{place}, column '{name}' of '{path}' holds '{cells.iloc[bad[0]]}'; a label is {VALID_STATES}."
        )
    return states


def states_of_lists(lists: Sequence[Iterable[str]], labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """`(N, C)` states where each row lists the names it has: 1 for those, 0 for the others."""
    index = {name: i for i, name in enumerate(labels)}
    states = np.zeros((len(lists), len(labels)), dtype=np.float32)
    for row, names in enumerate(lists):
        for name in names:
            if name in index:
                states[row, index[name]] = 1
    return states


def images_by_stem(root: Path) -> dict[str, str]:
    """Every image file under `root` by its name without suffix, as a path from `root`.

    Copies of a data set often change the suffix (.png to .jpg); labels are found by stem, whatever the folder.
    """
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."):
            found.setdefault(path.stem, path.relative_to(root).as_posix())
    return found


def locate(names: Iterable[str], root: Path) -> list[str]:
    """Where each published image name lies under `root`; a name with no file is kept as published."""
    stems = images_by_stem(root)
    return [stems.get(Path(name).stem, name) for name in names]
