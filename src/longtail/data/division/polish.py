"""The last step of a division: local search that evens out the shares which iterative stratification left uneven.

Iterative stratification never takes a decision back, so with few groups its last ones, and the repair of presence after
it, leave parts too large or too small. Here single groups move, and pairs of groups of two parts change places, as long
as that lowers Pearson's chi-square statistic of the division; a few random kicks then look for a deeper minimum
(iterated local search; Lourenco, Martin and Stuetzle 2003). The change by every move at once is one matrix product.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_ROWS = 4.0  # what the row share weighs beside a label's: it is the part size that was asked for
_GRID = 2.0**30  # coefficients are whole multiples of 1 / _GRID: sums are then exact, so every machine does the same
_SIDE = 300  # groups of a part that a search for a swap looks at; all of them in a small set
_WORK = 2e8  # numbers of the (G, L) table that may be read: about a second
_KICKS = 40  # tries to leave a minimum
_DRAWS = 20  # for one such try, until presence allows it
_EVEN = 0.005  # of what chance leaves (1 for each label and part): as even as that needs no work
_SMALL = 1e-9  # an improvement below that is rounding


def misfit(counts: Ints, sizes: Ints, parts: Ints, shares: Sequence[float]) -> float:
    """How uneven a division is: the sum over parts and labels of (count - wanted)^2 / wanted, rows counting fourfold.

    `counts` `(G, C)` and `sizes` `(G,)` are rows, `parts` `(G,)`. That is each squared relative deviation times what is
    wanted (share x total), so a deviation weighs as much as chance would make it: 5 % of 20,000 images far more than
    5 % of 20, and one image of a rare label too many more than one of a common label.
    """
    table, weights = _table(counts, sizes)
    wanted = table.sum(axis=0)[:, None] * np.asarray(shares)
    return _misfit(_held(table, parts, len(shares)) - wanted, weights[:, None] / wanted)


def polished(
    counts: Ints, sizes: Ints, parts: Ints, shares: Sequence[float], rng: np.random.Generator, *, kicks: int = _KICKS
) -> Ints:
    """`parts` `(G,)` with groups moved and swapped so that `misfit` is lower, or `parts` itself if none is found.

    A part that a label of at least as many groups as parts is in stays one that it is in, and no part is emptied. Work
    is bounded: a very large set, which hardly needs it, gets some hundred moves, a small one `kicks` more tries; a
    division with a misfit below 0.005 for each label and part is left alone.
    """
    search = _Search(counts, sizes, parts, shares, rng)
    if search.done():
        return parts
    search.descend()
    best, lowest = search.parts.copy(), search.misfit()
    for _ in range(kicks):
        if search.done():
            break
        search.kick()
        search.descend()
        if search.misfit() < lowest - _SMALL:
            best, lowest = search.parts.copy(), search.misfit()
        else:
            search.put(best)
    return best if (best != parts).any() else parts


def _table(counts: Ints, sizes: Ints) -> tuple[Floats, Floats]:
    """Rows and positive rows of each label that occurs, `(G, L)` by columns, and the weight of each column `(L,)`."""
    table = np.column_stack([sizes, counts[:, counts.any(axis=0)]]).astype(np.float64)
    return np.asfortranarray(table), np.where(np.arange(table.shape[1]) == 0, _ROWS, 1.0)


def _held(table: Floats, parts: Ints, k: int) -> Floats:
    """What each part holds of each column, `(L, k)`."""
    return np.stack([table[parts == part].sum(axis=0) for part in range(k)], axis=1)


def _misfit(excess: Floats, stiffness: Floats) -> float:
    return math.fsum((stiffness * excess * excess).ravel())


def _on_grid(numbers: Floats) -> Floats:
    return np.asarray(np.round(numbers * _GRID))


class _Search:
    """The division as it stands: parts, the excess of each column in each part `(L, k)`, and groups that have it.

    Giving a group with the row c of the table to part b changes the misfit by c . slope[:, b] + c^2 . stiffness[:, b],
    and taking it from a by -c . slope[:, a] + c^2 . stiffness[:, a], where slope = 2 x stiffness x excess.
    """

    def __init__(
        self, counts: Ints, sizes: Ints, parts: Ints, shares: Sequence[float], rng: np.random.Generator
    ) -> None:
        self.table, weights = _table(counts, sizes)
        self.k, self.rng, self.work = len(shares), rng, _WORK
        self.wanted = self.table.sum(axis=0)[:, None] * np.asarray(shares)
        self.stiffness = weights[:, None] / self.wanted
        self.curve = _on_grid(self.stiffness)
        self.own = np.asfortranarray((self.table**2) @ self.curve)
        has = self.table > 0
        has[:, 0] = True  # the column of rows stands for: any group at all
        self.has = has[:, has.sum(axis=0) >= self.k]
        self.each = np.arange(len(self.table))
        self.put(parts)

    def put(self, parts: Ints) -> None:
        self.parts = parts.copy()
        self.excess = _held(self.table, parts, self.k) - self.wanted
        self.groups = np.stack([self.has[parts == part].sum(axis=0) for part in range(self.k)], axis=1)
        self.slope = _on_grid(2 * self.stiffness * self.excess)
        self.pull = np.asfortranarray(self.table @ self.slope)

    def misfit(self) -> float:
        return _misfit(self.excess, self.stiffness)

    def done(self) -> bool:
        """Whether the division is as even as anyone can want, or the work is used up."""
        return self.work <= 0 or self.misfit() <= _EVEN * self.excess.size

    def descend(self) -> None:
        """Steepest descent: the best move while one helps, else the best swap that is found, until none helps."""
        while self.work > 0:
            self.work -= self.table.size
            changes = self._changes()
            if not (self._take_move(changes) or self._take_swap(changes)):
                return

    def kick(self) -> None:
        """Two to four groups drawn at random go anywhere at random, so that no label's presence is lost."""
        for _ in range(_DRAWS):
            groups = self.rng.choice(len(self.parts), min(int(self.rng.integers(2, 5)), len(self.parts)), replace=False)
            parts = self.rng.integers(self.k, size=len(groups))
            if (parts != self.parts[groups]).any() and self._allowed(groups, parts):
                for group, part in zip(groups.tolist(), parts.tolist(), strict=True):
                    self._move(group, part)
                return

    def _allowed(self, groups: Ints, parts: Ints) -> bool:
        """Whether each label would stay in each part that it is in, were these groups given to these parts."""
        held = self.groups.copy()
        for group, old, part in zip(groups, self.parts[groups], parts, strict=True):
            held[:, old] -= self.has[group]
            held[:, part] += self.has[group]
        return not ((held == 0) & (self.groups > 0)).any()

    def _changes(self) -> Floats:
        """The change of the misfit, on the grid, by moving each group to each part, `(G, k)`."""
        leaving = self.own[self.each, self.parts] - self.pull[self.each, self.parts]
        changes = self.pull + self.own + leaving[:, None]
        changes[self.each, self.parts] = np.inf
        return np.asarray(changes)

    def _tied(self) -> Bools:
        """Groups that are the only one with some label in their part, `(G,)`."""
        sole = self.groups == 1
        tied = np.zeros(len(self.parts), dtype=bool)
        for part in np.flatnonzero(sole.any(axis=0)):
            tied |= (self.parts == part) & self.has[:, sole[:, part]].any(axis=1)
        return tied

    def _take_move(self, changes: Floats) -> bool:
        free = np.where(self._tied()[:, None], np.inf, changes)
        group, part = divmod(int(free.argmin()), self.k)
        return self._kept([(group, part)]) if free[group, part] < -_SMALL * _GRID else False

    def _take_swap(self, changes: Floats) -> bool:
        pairs = combinations(np.unique(self.parts).tolist(), 2)
        change, one, other = min((self._best_swap(changes, a, b) for a, b in pairs), default=(0.0, 0, 0))
        if change >= -_SMALL * _GRID:
            return False
        return self._kept([(one, int(self.parts[other])), (other, int(self.parts[one]))])

    def _best_swap(self, changes: Floats, a: int, b: int) -> tuple[float, int, int]:
        """The lowest change by a group of `a` and one of `b` changing places, and the two."""
        ones, others = self._some(a), self._some(b)
        self.work -= len(ones) * len(others) * self.table.shape[1]
        both = self.curve[:, a] + self.curve[:, b]
        change = changes[ones, b][:, None] + changes[others, a] - 2 * (self.table[ones] * both) @ self.table[others].T
        change[self._lost(ones, others, a) | self._lost(others, ones, b).T] = np.inf
        i, j = divmod(int(change.argmin()), len(others))
        return float(change[i, j]), int(ones[i]), int(others[j])

    def _some(self, part: int) -> Ints:
        inside = np.flatnonzero(self.parts == part)
        return inside if len(inside) <= _SIDE else np.sort(self.rng.choice(inside, _SIDE, replace=False))

    def _lost(self, leaving: Ints, coming: Ints, part: int) -> Bools:
        """Whether `part` would lack a label if one group left and the other came, `(leaving, coming)`."""
        alone = self.has[:, self.groups[:, part] == 1]
        return np.asarray(alone[leaving].astype(np.float32) @ (~alone[coming]).T.astype(np.float32) > 0)

    def _kept(self, moves: list[tuple[int, int]]) -> bool:
        """Make the moves; whether they lowered the misfit in full precision (else they are taken back)."""
        before, back = self.misfit(), [(group, int(self.parts[group])) for group, _ in moves]
        for group, part in moves:
            self._move(group, part)
        if self.misfit() < before:
            return True
        for group, part in back:
            self._move(group, part)
        return False

    def _move(self, group: int, part: int) -> None:
        old = int(self.parts[group])
        if part == old:
            return
        self.excess[:, old] -= self.table[group]
        self.excess[:, part] += self.table[group]
        self.groups[:, old] -= self.has[group]
        self.groups[:, part] += self.has[group]
        self.parts[group] = part
        self._update_pull(np.flatnonzero(self.table[group]), np.array([old, part]))

    def _update_pull(self, columns: Ints, parts: Ints) -> None:
        """Follow a changed excess; exact, since whole numbers on the grid are added."""
        cells = columns[:, None], parts
        slope = _on_grid(2 * self.stiffness[cells] * self.excess[cells])
        self.pull.T[parts] += (slope - self.slope[cells]).T @ self.table.T[columns]
        self.slope[cells] = slope
