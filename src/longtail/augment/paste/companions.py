"""Which findings go with a tail finding: candidates from real images, by correlation, or none.

Of the candidates that `keep` proposes (the companions that real images with the finding have, single ones of them, and
none), `CorrelationKeeper` picks the one that leaves the label correlation matrix as it was.
"""

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.pool import Pool
from longtail.augment.paste.settings import PasteSettings
from longtail.data.audit.label_relations import label_relations

Labels = tuple[int, ...]
CANDIDATES = 12  # proposals for each image
_FEW = 64  # real images, up to which each is looked at once at the most


class CompanionDraws:
    """Draws companions for a tail label in a kind of view."""

    def __init__(self, pool: Pool, settings: PasteSettings) -> None:
        relations = label_relations(pool.states[pool.rows])
        self.pool, self.settings = pool, settings
        self.together = relations.together
        self.attraction = np.nan_to_num(relations.correlation).clip(min=0)
        self.positive = pool.states == 1
        self._companions: dict[tuple[int, int], list[Labels]] = {}

    def sets(self, label: int, view: int, rng: np.random.Generator) -> list[Labels]:
        """Candidate companions of a label on a normal image, without those that have no patch; never empty."""
        room = self.settings.most - 1
        others = [other for other in self.pool.pasteable(view) if other != label]
        if self.pool.single or self.settings.companions == "none" or not room or not others:
            return [()]
        if self.settings.companions == "correlated":
            return [self._correlated(label, others, int(rng.integers(1, room + 1)), rng)]
        found: dict[Labels, None] = {(): None}
        real = self._real(label, view)
        few = len(real) <= _FEW
        for number in rng.permutation(len(real))[:CANDIDATES] if few else rng.integers(len(real), size=CANDIDATES):
            picked = real[number] if len(real[number]) <= room else rng.permutation(real[number])[:room]
            found[tuple(sorted(int(other) for other in picked))] = None
        for other in others:
            if self.together[label, other]:
                found.setdefault((other,), None)
        return list(found)

    def _real(self, label: int, view: int) -> list[Labels]:
        """What real images with the label have besides, as far as there are patches of it (kept once found)."""
        if (label, view) not in self._companions:
            others = np.array([other for other in self.pool.pasteable(view) if other != label], dtype=np.int64)
            rows = self.pool.having.get((label, view), np.zeros(0, dtype=np.int64))
            self._companions[label, view] = [tuple(others[self.positive[row, others]].tolist()) for row in rows]
        return self._companions[label, view]

    def partners(
        self, label: int, view: int, rows: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> list[tuple[int, int]]:
        """Candidate pairs of a background that has `label` and a label to blend into it."""
        pasteable = self.pool.pasteable(view)
        if self.pool.single or self.settings.companions == "none":
            own = [label] if label in pasteable else pasteable
            return [(int(rows[rng.integers(len(rows))]), own[rng.integers(len(own))])]
        found = []
        for row in rows[rng.integers(len(rows), size=CANDIDATES)]:
            absent = [other for other in pasteable if not self.positive[row, other]]
            if absent:
                found.append((int(row), self._partner(label, absent, rng)))
        return found[:1] if self.settings.companions == "correlated" else found

    def _partner(self, label: int, absent: list[int], rng: np.random.Generator) -> int:
        if self.settings.companions == "correlated":
            return self._correlated(label, absent, 1, rng)[0]
        seen = [other for other in absent if self.together[label, other]] or absent
        return seen[rng.integers(len(seen))]

    def _correlated(self, label: int, others: list[int], count: int, rng: np.random.Generator) -> Labels:
        """Labels drawn by their correlation with `label`; evenly where it has none."""
        keys = np.log(self.attraction[label, others] + 1e-9) + rng.gumbel(size=len(others))
        return tuple(others[place] for place in np.argsort(-keys)[:count])
