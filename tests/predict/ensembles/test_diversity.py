"""Correlations against scipy, leave-one-out gains in a loop."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from longtail.evaluate import average_precision, macro
from longtail.predict.ensembles.diversity import diversity, member_correlation
from longtail.predict.ensembles.members import Judge
from longtail.predict.ensembles.merges import mean_merge

_RNG = np.random.default_rng(0)
_TARGETS = (_RNG.random((150, 3)) < 0.3).astype(np.float32)
_VALUES = np.stack([n * _TARGETS + (1 - n) * _RNG.random(_TARGETS.shape) for n in (0.2, 0.3, 0.1)]).astype(np.float32)


def test_spearman_of_every_pair_averaged_over_labels() -> None:
    found = member_correlation(_VALUES)
    for i in range(3):
        for j in range(3):
            expected = np.mean([spearmanr(_VALUES[i, :, c], _VALUES[j, :, c]).statistic for c in range(3)])
            assert found[i, j] == pytest.approx(expected, abs=1e-9)


def test_a_constant_member_correlates_with_nobody() -> None:
    values = _VALUES.copy()
    values[1] = 0.5
    found = member_correlation(values)
    assert np.isnan(found[0, 1])
    assert found[1, 1] == 1


def test_gains_in_a_loop() -> None:
    found = diversity(["x", "y", "z"], Judge(_VALUES, _TARGETS), mean_merge)
    together = macro(average_precision(_TARGETS, _VALUES.mean(axis=0))).value
    assert found.together == pytest.approx(together)
    for member in range(3):
        rest = np.delete(_VALUES, member, axis=0).mean(axis=0)
        assert found.gains[member] == pytest.approx(together - macro(average_precision(_TARGETS, rest)).value)
        assert found.alone[member] == macro(average_precision(_TARGETS, _VALUES[member])).value
    rows = found.rows()
    assert [row[0] for row in rows] == ["x", "y", "z"]
    assert rows[0][3] == pytest.approx((found.correlation[0, 1] + found.correlation[0, 2]) / 2)
