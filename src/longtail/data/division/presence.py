"""Every label in every part: the repair that follows stratification.

A rare label that five patients have can miss one of five folds when a still rarer label placed those patients first;
its average precision would then be undefined in that fold. Groups are moved until that is mended, by min-conflicts
local search with a short tabu list (Minton et al. 1992; Glover 1989). Not every wish can be met: of three patients,
each two of whom share a label of their own, two end in the same one of two folds, and the other fold lacks their label.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MOVES = 2000  # more than any real set needs (0 to 20 were seen); an impossible wish ends here
_NOISE = 0.1  # share of moves made at random, so that the search cannot run in a circle


def present_everywhere(has: Bools, sizes: Ints, parts: Ints, k: int, rng: np.random.Generator) -> Ints:
    """`parts` `(G,)` with as few groups moved as it takes for each label of `has` `(G, C)` to be in all `k` parts.

    A label that fewer than `k` groups have asks for nothing. No part stays empty. If not all can be had, the assignment
    that lacks fewest (label, part) pairs is returned. Of equally good groups the one with fewest rows (`sizes`) moves.
    """
    held_by = np.column_stack([has, np.ones(len(has), dtype=bool)])  # the last column: any group at all
    held_by = held_by[:, held_by.sum(axis=0) >= k]
    search = _Search(held_by, sizes, parts.copy(), k, rng)
    best, fewest = parts, len(search.missing())
    for _ in range(_MOVES):
        if fewest == 0:
            break
        search.step()
        if len(search.missing()) < fewest:
            best, fewest = search.parts.copy(), len(search.missing())
    return best


class _Search:
    """The state of the search: the parts, and how many groups of each label each part holds, `(C, k)`."""

    def __init__(self, has: Bools, sizes: Ints, parts: Ints, k: int, rng: np.random.Generator) -> None:
        self.has, self.sizes, self.parts, self.rng = has, sizes, parts, rng
        self.held = np.stack([has[parts == part].sum(axis=0) for part in range(k)], axis=1)
        self.rest_until = np.zeros(len(parts), dtype=np.int64)  # a moved group rests for some steps
        self.steps = 0

    def missing(self) -> Ints:
        """(label, part) pairs without a group."""
        return np.argwhere(self.held == 0)

    def step(self) -> None:
        """Mend one missing pair with the group whose move breaks least."""
        missing = self.missing()
        label, part = missing[self.rng.integers(len(missing))]
        candidates = np.flatnonzero(self.has[:, label] & (self.parts != part))
        self._move(self._choose(candidates, int(part)), int(part))

    def _choose(self, candidates: Ints, part: int) -> int:
        if self.rng.random() < _NOISE:
            return int(self.rng.choice(candidates))
        mine = self.has[candidates]
        broken = (mine & (self.held[:, self.parts[candidates]].T == 1)).sum(axis=1)
        mended = (mine & (self.held[:, part] == 0)).sum(axis=1)
        rests = self.rest_until[candidates] > self.steps
        keys = (self.rng.random(len(candidates)), self.sizes[candidates], broken - mended, rests)
        return int(candidates[np.lexsort(keys)[0]])

    def _move(self, group: int, part: int) -> None:
        labels = self.has[group]
        self.held[labels, self.parts[group]] -= 1
        self.held[labels, part] += 1
        self.parts[group] = part
        self.steps += 1
        self.rest_until[group] = self.steps + self.rng.integers(1, 6)
