"""Label states: 1 (present), 0 (absent), empty (unknown), and what to make of an uncertain label.

CheXpert (Irvin et al. 2019) writes -1 where the report is uncertain, others write U; its three policies are
U-Ignore (`unknown`), U-Ones (`positive`) and U-Zeros (`negative`).
"""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

UncertainPolicy = Literal["unknown", "positive", "negative"]
POLICIES: tuple[str, ...] = get_args(UncertainPolicy)

_POSITIVE = {"1", "1.0", "true"}
_NEGATIVE = {"0", "0.0", "false", "-0.0"}
_UNKNOWN = {"", "nan", "na", "n/a", "none", "null"}
_UNCERTAIN = {"-1", "-1.0", "u"}

VALID_STATES = "1, 0, empty (unknown), -1 or U (uncertain)"
BAD = np.float32(np.inf)  # marks a value that is no state


def state_of(text: str, uncertain: UncertainPolicy = "unknown") -> np.float32:
    """The number for one cell: 1, 0, nan (unknown), or `BAD` when the text is no state."""
    word = text.strip().lower()
    if word in _POSITIVE:
        return np.float32(1)
    if word in _NEGATIVE:
        return np.float32(0)
    if word in _UNKNOWN:
        return np.float32(np.nan)
    if word in _UNCERTAIN:
        return np.float32({"unknown": np.nan, "positive": 1, "negative": 0}[uncertain])
    return BAD


def is_empty(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.strip().lower() in _UNKNOWN


def positives(targets: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Images having each label; `(N, C)` states in, `(C,)` counts out. Unknown counts as neither."""
    return np.asarray((targets == 1).sum(axis=0), dtype=np.int64)
