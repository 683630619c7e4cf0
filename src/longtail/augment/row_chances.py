"""Random numbers that depend on nothing but (seed, epoch, row, name): any order, batch or worker gives the same.

A counter-based generator: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
2014), whose n-th number is a hash of `state + n * gamma`, so that a whole batch is drawn at once. A row's state hashes
its key. NumPy's own generators are sequential or cost 10 us an image to set up.
"""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST, _UNUSED_BITS = np.uint64(31), np.uint64(11)


def scrambled(words: Words) -> Words:
    """SplitMix64's hash of 64-bit words, any shape; a bijection."""
    for shift, factor in _MIX:
        words = (words ^ (words >> shift)) * factor
    return words ^ (words >> _LAST)


def sequence(states: Words, count: int) -> Words:
    """The first `count` words of the generator from each state: `(B,)` in, `(B, count)` out."""
    return scrambled(states[:, None] + np.arange(1, count + 1, dtype=np.uint64) * _GAMMA)


def chances(
    seed: int, epoch: int, rows: npt.NDArray[np.int64], name: str, count: int, repeats: npt.NDArray[np.int64] | None
) -> Floats:
    """Uniform numbers in [0, 1), `(B, count)`: for each row its own, the same in every batch.

    `repeats` `(B,)` tells the draws of one row in one epoch apart (0 for the first), as oversampling needs.
    """
    key = np.frombuffer(blake2b(f"{seed}/{epoch}/{name}".encode(), digest_size=8).digest(), dtype="<u8")
    states = scrambled(key ^ scrambled(rows.astype(np.uint64) + _GAMMA))
    if repeats is not None:
        states = states ^ scrambled(repeats.astype(np.uint64))  # 0 stays 0: the first draw is the same as without
    return (sequence(states, count) >> _UNUSED_BITS).astype(np.float64) * 2.0**-53


def between(chance: Floats, low: float, high: float) -> Floats:
    """Uniform numbers in [low, high) from uniform numbers in [0, 1)."""
    return low + (high - low) * chance
