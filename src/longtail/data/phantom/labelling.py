"""From what was drawn to what the label file says: clean, or with flipped and missing entries.

Labels belong to a study, as in MIMIC-CXR: all its films carry them, also a lateral that does not show the finding.
`No Finding` is 1 where no finding is present (support devices count as one), 0 where any is, unknown where that hangs
on an unknown label.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def study_states(
    found: Sequence[str], names: Sequence[str], rng: np.random.Generator, *, label_noise: float, unknown: float
) -> npt.NDArray[np.float32]:
    """One study's states `(F + 1,)`: `No Finding`, then `names`; each is flipped or blanked by chance."""
    states = np.isin(np.asarray(names), list(found)).astype(np.float32)
    flip, blank = rng.random((2, len(names)))
    states = np.where(flip < label_noise, 1 - states, states)
    states[blank < unknown] = np.nan
    none = np.float32(0) if (states == 1).any() else np.float32(1) if (states == 0).all() else np.float32(np.nan)
    return np.concatenate([[none], states]).astype(np.float32)


def study_class(
    found: Sequence[str], names: Sequence[str], rng: np.random.Generator, *, label_noise: float, unknown: float
) -> int:
    """One study's class: 0 for `No Finding`, else the finding's place in `names` plus 1; -1 where unknown."""
    truth = 1 + list(names).index(found[0]) if found else 0
    flip, blank = rng.random(2)
    other = (truth + int(rng.integers(1, len(names) + 1))) % (len(names) + 1)
    return -1 if blank < unknown else other if flip < label_noise else truth
