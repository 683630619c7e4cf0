"""Several whole weightings of the same rows in one array of floats, so that one pass sums all of them at once.

A float64 holds whole numbers of 53 bits exactly. Each weighting has a field of them, wide enough for its total, so that
sums never reach into the next field. Floats, because `np.bincount` sums these.
"""

from dataclasses import dataclass

import numpy as np

from longtail.evaluate.arrays import Floats, Integers


@dataclass(frozen=True)
class Packed:
    """`count` weightings of N rows: words `(W, N)`, each holding `per_word` fields of `bits` bits, lowest first."""

    words: Floats
    bits: int
    per_word: int
    count: int

    def unpacked(self, sums: Floats) -> Floats:
        """Each weighting's sums `(count, K)` from the words' `(W, K)`."""
        shifts = (np.arange(self.per_word, dtype=np.uint64) * np.uint64(self.bits))[None, :, None]
        fields = (sums.astype(np.uint64)[:, None, :] >> shifts) & np.uint64((1 << self.bits) - 1)
        return fields.reshape(-1, sums.shape[-1])[: self.count].astype(np.float64)


def packed(weights: Integers) -> Packed:
    """Pack whole weights `(count, N)`, none negative."""
    count = len(weights)
    bits = max(int(weights.sum(axis=1).max()), 1).bit_length()
    per_word = min(max(53 // bits, 1), count)
    words = np.zeros((-(-count // per_word), weights.shape[1]), dtype=np.float64)
    for i, each in enumerate(weights):
        words[i // per_word] += each * float(1 << bits * (i % per_word))
    return Packed(words, bits, per_word, count)
