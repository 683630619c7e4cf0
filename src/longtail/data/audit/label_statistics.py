"""Counts of label states: in all rows, by split, view or source; the imbalance ratio; labels per image.

Cardinality and density are those of Tsoumakas and Katakis (2007): mean number of labels per image, and the share of
labels that an image has. Unknown cells count as neither: cardinality counts known positives, and density is their
share among known cells (which is cardinality / labels when nothing is unknown).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import UNKNOWN_CLASS, Manifest

NOT_GIVEN = "(not given)"
OTHERS = "(others)"
_BLOCK = 1 << 16  # rows


@dataclass(frozen=True)
class StateCounts:
    """Images for which each label is present, absent and unknown: three `(C,)` arrays over the same `rows`."""

    rows: int
    positive: npt.NDArray[np.int64]
    negative: npt.NDArray[np.int64]
    unknown: npt.NDArray[np.int64]

    @property
    def prevalence(self) -> npt.NDArray[np.float64]:
        """Positive among known, `(C,)`; nan where nothing is known."""
        return _share(self.positive, self.positive + self.negative)

    @property
    def unknown_rate(self) -> npt.NDArray[np.float64]:
        """Unknown among all rows, `(C,)`."""
        return _share(self.unknown, self.rows)


@dataclass(frozen=True)
class LabelsPerImage:
    """How many labels images have: `histogram[k]` images have k positive labels."""

    cardinality: float
    density: float
    histogram: dict[int, int]
    nothing_known: int  # images without a single known label


@dataclass(frozen=True)
class Imbalance:
    """The largest count over the smallest that is not zero, the labels that hold them, and those with none."""

    ratio: float
    most: str | None
    least: str | None
    without: list[str]


def state_counts(manifest: Manifest) -> StateCounts:
    """Counts over all rows."""
    return _by_codes(manifest, np.zeros(len(manifest), dtype=np.int64), 1)[0]


def state_counts_by(manifest: Manifest, column: str, most: int = 40) -> dict[str, StateCounts]:
    """Counts for each value of a column, the most frequent value first; beyond `most` values the rest is one."""
    codes, values = pd.factorize(manifest.table[column].to_numpy(dtype=object))
    order = np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.minimum(np.arange(len(values)), most)
    names = [str(values[i]) or NOT_GIVEN for i in order[:most]] + [OTHERS] * (len(values) > most)
    return dict(zip(names, _by_codes(manifest, rank[codes], len(names)), strict=True))


def imbalance(labels: tuple[str, ...], counts: npt.NDArray[np.int64]) -> Imbalance:
    """The imbalance ratio of `(C,)` counts; nan when no label has an image."""
    without = [name for name, count in zip(labels, counts, strict=True) if count == 0]
    if len(without) == len(labels):
        return Imbalance(float("nan"), None, None, without)
    most, least = int(np.argmax(counts)), int(np.argmin(np.where(counts > 0, counts, np.iinfo(np.int64).max)))
    return Imbalance(float(counts[most] / counts[least]), labels[most], labels[least], without)


def labels_per_image(states: npt.NDArray[np.float32]) -> LabelsPerImage:
    """Cardinality, density and distribution of the labels per image, from `(N, C)` states."""
    having = (states == 1).sum(axis=1)
    known = np.isfinite(states).sum(axis=1)
    sizes = np.bincount(having)
    return LabelsPerImage(
        cardinality=float(having.mean()),
        density=float(having.sum() / known.sum()) if known.any() else float("nan"),
        histogram={int(k): int(sizes[k]) for k in np.flatnonzero(sizes)},
        nothing_known=int((known == 0).sum()),
    )


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64] | int) -> npt.NDArray[np.float64]:
    total = np.broadcast_to(np.asarray(whole, dtype=np.float64), part.shape)
    shares = np.full(part.shape, np.nan)
    np.divide(part, total, out=shares, where=total > 0)
    return shares


def _by_codes(manifest: Manifest, codes: npt.NDArray[np.int64], groups: int) -> list[StateCounts]:
    """Counts for each group of rows, given each row's group."""
    rows = np.bincount(codes, minlength=groups)
    if manifest.task == "singlelabel":
        positive, known = _class_counts(manifest.targets, len(manifest.labels), codes, groups)
    else:
        positive, known = _label_counts(manifest.targets, codes, groups)
    return [StateCounts(int(n), p, k - p, n - k) for n, p, k in zip(rows, positive, known, strict=True)]


def _label_counts(
    states: npt.NDArray[np.float32], codes: npt.NDArray[np.int64], groups: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """`(groups, C)` images having each label, and images for which it is known.

    A matrix product per block of rows is several times faster than a count per column; the sums in a block are below
    2**24, so float32 holds them exactly.
    """
    labels = states.shape[1]
    sums = np.zeros((groups, 2 * labels), dtype=np.int64)
    for start in range(0, len(states), _BLOCK):
        block = states[start : start + _BLOCK]
        member = (codes[start : start + _BLOCK, None] == np.arange(groups)).astype(np.float32)
        marks = np.concatenate([block == 1, np.isfinite(block)], axis=1, dtype=np.float32)
        sums += (member.T @ marks).astype(np.int64)
    return sums[:, :labels], sums[:, labels:]


def _class_counts(
    classes: npt.NDArray[np.int64], labels: int, codes: npt.NDArray[np.int64], groups: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """`(groups, C)` images of each class, and images whose class is known."""
    known = classes != UNKNOWN_CLASS
    cells = np.bincount(codes[known] * labels + classes[known], minlength=groups * labels)
    positive = cells.reshape(groups, labels)
    return positive, np.repeat(positive.sum(axis=1, keepdims=True), labels, axis=1)
