"""Iterative stratification over whole groups, for many labels at once.

Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data" (ECML PKDD 2011), algorithm 1: take the
label with the fewest rows left, give each of its rows to the part that still wants most of that label, go on. Here the
thing given is a group (a patient with all images), which counts with its whole vector of label counts; groups that
hold much of a label go first, since late they could no longer be made up for. What that leaves uneven, `presence` and
then `polish` mend. scikit-learn's `StratifiedGroupKFold` knows one label a row, and the package
iterative-stratification (public code of the method) knows no groups.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.division.polish import polished
from longtail.data.division.presence import present_everywhere
from longtail.errors import UserError

Ints = npt.NDArray[np.int64]


def stratified_group_parts(
    states: npt.NDArray[np.floating], groups: npt.NDArray[np.generic], shares: Sequence[float], *, seed: int = 0
) -> Ints:
    """The part of each row, `(N,)` in 0 .. len(shares) - 1, such that each part has its share of every label.

    `states` is `(N, C)` in {0, 1, nan}, `groups` `(N,)`: the rows of one value stay together (a missing one is a group
    of its own). Every part gets a group of each label that at least as many groups hold, where that is possible at all.
    The same groups, labels and seed give the same parts, in whatever order the rows come.
    """
    codes, sizes = group_codes(groups)
    states = np.asarray(states)
    if states.ndim != 2 or len(states) != len(codes):
        raise ValueError(f"states must be (N, C) with a row for each of the {len(codes)} groups, not {states.shape}")
    wanted = normalised(shares, len(sizes))
    counts = label_counts(states, codes, len(sizes))
    rng = np.random.default_rng(seed)
    order, luck = rng.permutation(len(sizes)), rng.random((len(sizes), len(wanted)))
    parts = assign(counts, sizes, wanted, order, luck)
    parts = present_everywhere(counts > 0, sizes, parts, len(wanted), rng)
    return polished(counts, sizes, parts, wanted, rng)[codes]


def group_codes(groups: npt.NDArray[np.generic]) -> tuple[Ints, Ints]:
    """Each row's group as a number, in the groups' sorted order, and each group's rows; a missing one is alone."""
    found, values = pd.factorize(np.asarray(groups), sort=True)
    codes = np.asarray(found, dtype=np.int64)
    alone = codes < 0
    codes[alone] = len(values) + np.arange(alone.sum())
    return codes, np.bincount(codes)


def label_counts(states: npt.NDArray[np.floating], codes: Ints, groups: int) -> Ints:
    """Positive rows of each label in each group, `(G, C)`."""
    counts = np.zeros((groups, states.shape[1]), dtype=np.int64, order="F")  # columns are what is read
    for label in range(states.shape[1]):
        counts[:, label] = np.bincount(codes[states[:, label] == 1], minlength=groups)
    return counts


def normalised(shares: Sequence[float], groups: int) -> list[float]:
    """The shares with the sum 1; there must be a group for each."""
    if len(shares) < 2 or not all(np.isfinite(share) and share > 0 for share in shares):
        raise UserError(f"the shares {list(shares)} cannot be used; give two or more numbers above 0.")
    if groups < len(shares):
        raise UserError(
            f"{groups:,} group{'s' * (groups != 1)} cannot fill {len(shares)} parts, since a group stays whole;"
            " ask for fewer parts or split by a finer column."
        )
    return [share / sum(shares) for share in shares]


def assign(
    counts: Ints, sizes: Ints, shares: Sequence[float], order: Ints, luck: npt.NDArray[np.floating]
) -> npt.NDArray[np.int64]:
    """The algorithm itself: the part of each group, `(G,)`.

    `counts` `(G, C)` and `sizes` `(G,)` are rows. Groups of equal label count are taken in `order`; parts that want
    equally much of the label are told apart by the rows that they still want, then by `luck` `(G, parts)`.
    """
    wanted = [[count * share for share in shares] for count in counts.sum(axis=0).tolist()]
    room = [float(sizes.sum() * share) for share in shares]
    left = counts.sum(axis=0).tolist()
    holdings = _holdings(counts)
    parts = np.full(len(sizes), -1, dtype=np.int64)
    while any(left):
        rarest = min((count, label) for label, count in enumerate(left) if count)[1]
        for group in _takers(counts[:, rarest], parts, order):
            part = _neediest(wanted[rarest], room, luck[group])
            parts[group] = part
            room[part] -= sizes[group]
            for label, count in holdings[group]:
                wanted[label][part] -= count
                left[label] -= count
    for group in _takers(sizes, parts, order):
        part = parts[group] = _neediest(room, room, luck[group])
        room[part] -= sizes[group]
    return parts


def _holdings(counts: Ints) -> list[list[tuple[int, int]]]:
    """What each group holds, as `(label, count)` pairs: most of `counts` is zero."""
    holdings: list[list[tuple[int, int]]] = [[] for _ in range(len(counts))]
    groups, labels = np.nonzero(counts)
    for group, label, count in zip(groups.tolist(), labels.tolist(), counts[groups, labels].tolist(), strict=True):
        holdings[group].append((label, count))
    return holdings


def _takers(weights: Ints, parts: Ints, order: Ints) -> list[int]:
    """Groups with a weight and no part yet, the heaviest first."""
    ordered = order[(weights[order] > 0) & (parts[order] < 0)]
    return [int(group) for group in ordered[np.argsort(-weights[ordered], kind="stable")]]


def _neediest(wanted: list[float], room: list[float], luck: npt.NDArray[np.floating]) -> int:
    most = max(wanted)
    if wanted.count(most) == 1:
        return wanted.index(most)
    return max((j for j, want in enumerate(wanted) if want == most), key=lambda j: (room[j], luck[j]))
