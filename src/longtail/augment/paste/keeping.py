"""Keeping the label correlation matrix while rows are added (Figure 3 of the paper; how it did so isn't said).

Adding images of a rare finding with its usual companions makes its correlations stronger, since Pearson's coefficient
depends on how frequent it is; adding them alone, weaker. So of a few candidate label rows, the one is taken after which
the matrix is nearest to what it was, in the sum of squares over the pairs of labels.
"""

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.unions import States
from longtail.data.audit.label_relations import pair_sums, pearson


class CorrelationKeeper:
    """The pairwise sums of a growing table of states `(N, C)`, and the correlation matrix that it began with."""

    def __init__(self, states: States) -> None:
        self.sums = pair_sums(states)
        self.before = pearson(*self.sums)
        self._judged = np.isfinite(self.before) & np.triu(np.ones(self.before.shape, dtype=bool), 1)

    def strays(self, candidates: States) -> npt.NDArray[np.float64]:
        """How far the matrix would be from the first one with each of `(K, C)` rows added, `(K,)`."""
        known, positive = np.isfinite(candidates).astype(np.float64), (candidates == 1).astype(np.float64)
        pairs = ((known, known), (positive, known), (positive, positive))
        added = [old + one[:, :, None] * other[:, None, :] for old, (one, other) in zip(self.sums, pairs, strict=True)]
        change = (pearson(*added) - self.before)[:, self._judged]
        return np.asarray((change**2).sum(axis=1), dtype=np.float64)

    def nearest(self, candidates: States) -> int:
        """Which of `(K, C)` rows keeps the matrix best, the first of equals."""
        return int(np.argmin(self.strays(candidates))) if len(candidates) > 1 else 0

    def add(self, row: States) -> None:
        """Count a row `(C,)` in."""
        self.sums = tuple(old + new for old, new in zip(self.sums, pair_sums(row[None]), strict=True))
