"""The keeper's sums against pandas' Pearson correlation of the whole table."""

import numpy as np
import pandas as pd

from longtail.augment.paste.keeping import CorrelationKeeper


def _states(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    states = (rng.random((rows, 5)) < [0.5, 0.3, 0.2, 0.4, 0]).astype(np.float32)  # the last is on no image
    states[rng.random(states.shape) < 0.1] = np.nan
    return states


def _pairs(states: np.ndarray) -> np.ndarray:
    return pd.DataFrame(states[:, :4]).corr().to_numpy()[np.triu_indices(4, 1)]


def test_strays_are_the_squared_changes_of_all_pairs() -> None:
    states, candidates = _states(60, 0), _states(7, 1)
    keeper = CorrelationKeeper(states)
    np.testing.assert_allclose(keeper.before, _pairs(states))
    wanted = [((_pairs(np.vstack([states, row])) - _pairs(states)) ** 2).sum() for row in candidates]
    np.testing.assert_allclose(keeper.strays(candidates), wanted, atol=1e-12)
    assert keeper.nearest(candidates) == int(np.argmin(wanted))
    assert keeper.nearest(candidates[:1]) == 0


def test_added_rows_count() -> None:
    states, more, last = _states(60, 0), _states(9, 2), _states(3, 3)
    keeper = CorrelationKeeper(states)
    for row in more:
        keeper.add(row)
    whole = np.vstack([states, more])
    wanted = [((_pairs(np.vstack([whole, row])) - _pairs(states)) ** 2).sum() for row in last]
    np.testing.assert_allclose(keeper.strays(last), wanted, atol=1e-12)
