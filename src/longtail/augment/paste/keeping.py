"""Keeping the label correlation matrix while rows are added (Figure 3 of the paper; how it did so isn't said).

Adding images of a rare finding with its usual companions makes its correlations stronger, since Pearson's coefficient
depends on how frequent it is; adding them alone, weaker. So of a few candidate label rows, the one is taken after which
the matrix is nearest to what it was, in the sum of squares over the pairs of labels.
"""

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.unions import States
from longtail.data.audit.label_relations import pair_sums, phi


class CorrelationKeeper:
    """Counts over the pairs of labels of a growing table of states `(N, C)`, and the correlations that it began with.

    Pairs without a correlation at first (a label on no image or on all) are not judged.
    """

    def __init__(self, states: States) -> None:
        first, second = np.triu_indices(states.shape[1], 1)
        known, positive, together = pair_sums(states)
        counts = np.stack([known[first, second], positive[first, second], positive[second, first]])
        counts = np.concatenate([counts, together[None, first, second]])
        before = phi(*counts)
        judged = np.isfinite(before)
        self.first, self.second, self.before = first[judged], second[judged], before[judged]
        self.counts = counts[:, judged]  # (4, pairs): both known, then first, second and both positive

    def strays(self, candidates: States) -> npt.NDArray[np.float64]:
        """How far the correlations would be from the first ones with each of `(K, C)` rows added, `(K,)`."""
        return np.asarray(((phi(*self._with(candidates)) - self.before) ** 2).sum(axis=1), dtype=np.float64)

    def nearest(self, candidates: States) -> int:
        """Which of `(K, C)` rows keeps the correlations best, the first of equals."""
        return int(np.argmin(self.strays(candidates))) if len(candidates) > 1 else 0

    def add(self, row: States) -> None:
        """Count a row `(C,)` in."""
        self.counts = self._with(row[None])[:, 0]

    def _with(self, rows: States) -> npt.NDArray[np.float64]:
        """The counts with each of `(K, C)` rows added, `(4, K, pairs)`."""
        known, positive = np.isfinite(rows), rows == 1
        one, other = (known[:, self.first], positive[:, self.first]), (known[:, self.second], positive[:, self.second])
        added = np.stack([one[0] & other[0], one[1] & other[0], one[0] & other[1], one[1] & other[1]])
        return np.asarray(self.counts[:, None] + added, dtype=np.float64)
