"""How images hang together: images per patient, study and lesion, and the groups that a split tears apart."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import Manifest


@dataclass(frozen=True)
class GroupFacts:
    """One way of grouping rows, such as by patient. `histogram[k]` groups have k images."""

    groups: int
    rows_without: int  # rows that name no group
    histogram: dict[int, int]
    leaking: int  # groups with images in two splits or more
    leaking_images: int
    leaks_by_pair: dict[str, int]  # "train + test": groups in both


def group_facts(manifest: Manifest, column: str) -> GroupFacts:
    """Facts about the groups that share a value of `column`; empty cells are in no group."""
    codes, values = pd.factorize(_values(manifest, column))
    named = codes >= 0
    sizes = np.bincount(codes[named], minlength=len(values))
    splits = _values(manifest, "split") if manifest.has("split") else pd.Series([None] * len(manifest), dtype=object)
    leaking, by_pair = _leaks(codes, len(values), splits)
    return GroupFacts(
        groups=len(values),
        rows_without=int((~named).sum()),
        histogram=_histogram(sizes),
        leaking=int(leaking.sum()),
        leaking_images=int(sizes[leaking].sum()),
        leaks_by_pair=by_pair,
    )


def split_order(name: str) -> tuple[int, str]:
    """For sorting splits: train, val, test, then the others by name."""
    usual = ("train", "val", "test")
    return (usual.index(name), "") if name in usual else (len(usual), name)


def studies_per_patient(manifest: Manifest) -> dict[int, int]:
    """`[k]`: patients who have k studies, among rows that name both."""
    pairs = pd.DataFrame({"patient": _values(manifest, "patient"), "study": _values(manifest, "study")})
    pairs = pairs.dropna().drop_duplicates()
    return _histogram(pairs.groupby("patient", sort=False).size().to_numpy())


def _leaks(
    codes: npt.NDArray[np.intp], groups: int, splits: "pd.Series[str]"
) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Which groups are in several splits, and how many in each pair of splits."""
    parts, found = pd.factorize(splits)
    names = [str(name) for name in found]
    both = (codes >= 0) & (parts >= 0)
    inside = np.zeros((groups, len(names)), dtype=bool)
    inside[codes[both], parts[both]] = True
    leaking = inside.sum(axis=1) > 1
    torn = inside[leaking]
    order = sorted(range(len(names)), key=lambda i: split_order(names[i]))
    pairs = {f"{names[a]} + {names[b]}": int((torn[:, a] & torn[:, b]).sum()) for a, b in combinations(order, 2)}
    return leaking, {pair: count for pair, count in pairs.items() if count}


def _values(manifest: Manifest, column: str) -> "pd.Series[str]":
    """A column with empty cells missing."""
    cells = manifest.table[column]
    return cells.where(cells != "")


def _histogram(sizes: npt.NDArray[Any]) -> dict[int, int]:
    counts = np.bincount(sizes)
    return {int(size): int(counts[size]) for size in np.flatnonzero(counts)}
