"""Made targets and scores for the tests: ties, unknown rows and undefined labels happen often."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

TARGETS_AND_SCORES = st.builds(
    lambda *drawn: made(*drawn),
    st.integers(0, 10**6),
    st.integers(1, 40),
    st.integers(1, 5),
    st.sampled_from([2, 5, 1000]),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([np.float32, np.float64]),
)


def made(seed: int, rows: int, labels: int, levels: int, unknown: float, kind: Any = np.float64) -> tuple[Any, Any]:
    """Targets in {0, 1, nan} and probabilities with `levels` distinct values, `(rows, labels)` each."""
    rng = np.random.default_rng(seed)
    target = (rng.random((rows, labels)) < rng.random(labels)).astype(np.float32)
    target[rng.random(target.shape) < unknown] = np.nan
    return target, (rng.integers(0, levels + 1, (rows, labels)) / levels).astype(kind)


def known_columns(target: Any, score: Any) -> list[tuple[Any, Any]]:
    """Each label's known targets (as whole numbers) and scores."""
    known = ~np.isnan(target)
    return [(target[k, c].astype(int), score[k, c]) for c, k in enumerate(known.T)]
