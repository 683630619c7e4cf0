"""How labels occur together: counts, conditional probabilities and Pearson correlation, unknowns masked pair by pair.

The correlation matrix is that of Figure 3 of the DADAM paper (CXR-LT 2023), which chooses what to paste by it. A pair
of labels is judged on the images for which both are known; where that leaves nothing to divide by, the value is nan.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Sums of 0 and 1 are exact in float32 up to 2**24 rows; blocks keep the copies small and the result exact.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class LabelRelations:
    """Three `(C, C)` matrices over pairs (a, b)."""

    together: npt.NDArray[np.int64]  # images having both; the diagonal is each label's own count
    conditional: npt.NDArray[np.float64]  # [a, b]: P(b | a), among images with a for which b is known
    correlation: npt.NDArray[np.float64]  # Pearson, over images for which both are known; 1 on the diagonal


def label_relations(states: npt.NDArray[np.float32]) -> LabelRelations:
    """Relations of the columns of `(N, C)` states in {0, 1, nan}."""
    both_known, positive_known, together = pair_sums(states)
    return LabelRelations(
        together=together.astype(np.int64),
        conditional=_divide(together, positive_known),
        correlation=phi(both_known, positive_known, positive_known.T, together),
    )


def pair_sums(states: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], ...]:
    """`(C, C)` counts of rows: a and b known; a positive and b known; a and b positive."""
    labels = states.shape[1]
    sums = np.zeros((2 * labels, 2 * labels))
    for start in range(0, len(states), _BLOCK):
        block = states[start : start + _BLOCK]
        marks = np.concatenate([block == 1, np.isfinite(block)], axis=1, dtype=np.float32)
        sums += marks.T @ marks
    return sums[labels:, labels:], sums[:labels, labels:], sums[:labels, :labels]


def phi(
    n: npt.NDArray[np.float64],
    first: npt.NDArray[np.float64],
    second: npt.NDArray[np.float64],
    together: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """The phi coefficient of pairs, any shape, from exact counts of rows: both known, and then first, second, both."""
    spread = np.sqrt((n * first - first**2) * (n * second - second**2))
    return np.asarray(np.clip(_divide(n * together - first * second, spread), -1.0, 1.0), dtype=np.float64)


def _divide(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values = np.full(part.shape, np.nan)
    np.divide(part, whole, out=values, where=whole > 0)
    return values
