"""From a file of text cells to a `Manifest`: roles are found, states parsed, mistakes named by row and column."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from longtail.data.boxes import load_boxes
from longtail.data.column_names import may_be_label
from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.data.roles import GROUP_ROLES, Roles, load_roles
from longtail.data.states import BAD, VALID_STATES, UncertainPolicy, is_empty, state_of
from longtail.data.tables import read_text_table, row_place
from longtail.errors import UserError, listing, nearest

# A column counts as a label when nobody says so and at least this share of its filled cells are states.
_MOSTLY = 0.9
_IDENTIFIER = 1000  # a column of more different values than this is no label, and not worth parsing word by word
SPLIT_NAMES = {  # in any case
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


def load_manifest(path: Path, *, check: bool, check_files: bool, labelled: bool, flags: dict[str, Any]) -> Manifest:
    """Read, parse and (with `check`) validate a manifest; see `Manifest.load`."""
    if path.is_dir() and (path / "manifest.csv").exists():
        path = path / "manifest.csv"
    raw = read_text_table(path)
    beside = path.with_suffix(".yaml")
    said = (load_roles(beside) if beside.exists() else Roles()).updated(**flags)
    roles = said.completed(raw.column_names)
    labels, targets = (_classes if roles.label else _states)(raw, roles, path, labelled)
    manifest = Manifest(
        table=_table(raw, roles, () if roles.label else labels, path),
        labels=labels,
        targets=targets,
        root=_root(roles, path),
        boxes=load_boxes(path.parent / roles.boxes) if roles.boxes else None,
        path=path,
        names=roles,
        said=said,
    )
    if check:
        from longtail.data.validation import require_valid

        require_valid(manifest, check_files=check_files)
    return manifest


def _root(roles: Roles, path: Path) -> Path:
    return path.parent / roles.root if roles.root else path.parent  # an absolute root replaces the parent


def _table(raw: pa.Table, roles: Roles, labels: tuple[str, ...], path: Path) -> pd.DataFrame:
    """The columns that are no labels, under the names of the parts that they play."""
    parts = {getattr(roles, part): part for part in ("image", *GROUP_ROLES) if getattr(roles, part)}
    skip = {*labels, roles.label}
    columns: dict[str, Any] = {}
    kept = [(i, name) for i, name in enumerate(raw.column_names) if name not in skip]
    for i, name in sorted(kept, key=lambda pair: pair[1] not in parts):
        target = parts.get(name) or (f"other_{name}" if name in parts.values() else name or f"unnamed_{i + 1}")
        columns[target] = pd.Series(raw.column(i).to_pandas(), dtype="str")
    table = pd.DataFrame(columns)
    _require_images(table["image"], roles, path)
    if "split" in table:
        table["split"] = table["split"].str.strip().map(lambda name: SPLIT_NAMES.get(name.lower(), name))
    return table


def _require_images(images: "pd.Series[str]", roles: Roles, path: Path) -> None:
    empty = np.flatnonzero(images.str.strip() == "")
    if len(empty):
        raise UserError(
            f"{row_place(path, int(empty[0]))} of '{path}' names no image in column '{roles.image}'"
            f"{_and_more(len(empty))}; every row needs one."
        )


def _states(raw: pa.Table, roles: Roles, path: Path, labelled: bool) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    """Label names and their `(N, C)` states; unless it must be `labelled`, there may be none."""
    parts = {getattr(roles, part) for part in ("image", *GROUP_ROLES)}
    candidates = roles.labels or [name for name in raw.column_names if name not in parts and may_be_label(name)]
    labels, columns = [], []
    for name in candidates:
        column, share = _column_states(raw.column(name), roles.uncertain, most=None if roles.labels else _IDENTIFIER)
        if roles.labels is None and share < _MOSTLY:
            continue  # an ordinary column, such as age
        _require_states(column, raw.column(name), name, path)
        labels.append(name)
        columns.append(column)
    if not labels and not labelled:
        return (), np.zeros((len(raw), 0), dtype=np.float32)
    if not labels:
        passed = [name for name in raw.column_names if name and name not in parts and not may_be_label(name)]
        but = f" (age, sex and the like are not looked at: {listing(passed, 4)})" if passed else ""
        raise UserError(
            f"'{path}' has no label columns: none of its columns holds {VALID_STATES} only{but}, and none is named"
            f" 'label'; name them in '{path.with_suffix('.yaml')}', as labels: [A, B] or label: COLUMN (`longtail data`"
            " also takes --labels A,B,... and --label COLUMN)."
        )
    return tuple(labels), np.stack(columns, axis=1)


def _column_states(
    column: pa.ChunkedArray, uncertain: UncertainPolicy, most: int | None
) -> tuple[npt.NDArray[np.float32], float]:
    """One column's states (`BAD` where a cell is none) and the share of filled cells that are states."""
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    if most and len(words) > most:
        return np.full(len(column), BAD), 0.0
    lookup = np.array([state_of(word, uncertain) for word in words], dtype=np.float32)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    filled = np.bincount(codes, minlength=len(words)) * np.array([not is_empty(word) for word in words])
    share = float(filled[~np.isinf(lookup)].sum() / filled.sum()) if filled.sum() else 0.0
    return lookup[codes], share


def _require_states(states: npt.NDArray[np.float32], column: pa.ChunkedArray, name: str, path: Path) -> None:
    bad = np.flatnonzero(np.isinf(states))
    if len(bad):
        raise UserError(
            f"{row_place(path, int(bad[0]))}, column '{name}' of '{path}' holds '{column[int(bad[0])].as_py()}'"
            f"{_and_more(len(bad))}; a label is {VALID_STATES}. If '{name}' is no label, list"
            f" those that are: labels: [A, B] in '{path.with_suffix('.yaml')}'."
        )


def _classes(raw: pa.Table, roles: Roles, path: Path, labelled: bool) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
    """Class names (as listed, else sorted, numbers by value) and each row's index into them."""
    encoded = raw.column(roles.label).combine_chunks().dictionary_encode()
    words = [word.strip() for word in encoded.dictionary.to_pylist()]
    found = sorted({word for word in words if word}, key=_by_value)
    labels = roles.labels or tuple(found)
    if not labels and not labelled:
        return (), np.zeros((len(raw), 0), dtype=np.float32)
    if not labels:
        raise UserError(f"column '{roles.label}' of '{path}' is empty in every row; it must hold each image's class.")
    index = {name: i for i, name in enumerate(labels)}
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    if strangers := [word for word in found if word not in index]:
        row = int(np.flatnonzero(np.isin(codes, [i for i, w in enumerate(words) if w == strangers[0]]))[0])
        guess = nearest(strangers[0], labels)
        hint = f" Did you mean '{guess}'?" if guess else ""
        raise UserError(
            f"{row_place(path, row)}, column '{roles.label}' of '{path}' holds the class '{strangers[0]}', which is not"
            f" in the list of labels ({listing(labels)}).{hint}"
        )
    return tuple(labels), np.array([index.get(word, UNKNOWN_CLASS) for word in words], dtype=np.int64)[codes]


def _by_value(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _and_more(count: int) -> str:
    return f" (and {count - 1:,} more rows)" if count > 1 else ""
