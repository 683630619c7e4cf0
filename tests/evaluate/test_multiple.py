"""p-values of a bootstrap, and Holm's correction."""

import numpy as np

from longtail.evaluate import bootstrap_p, holm
from longtail.evaluate.multiple import needed_resamples, usual_resamples


def test_holm_by_hand() -> None:
    found = holm([0.01, np.nan, 0.04, 0.03, 0.6])
    np.testing.assert_allclose(found, [0.04, np.nan, 0.09, 0.09, 0.6])
    assert np.isnan(holm([np.nan])).all()
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_bootstrap_p() -> None:
    draws = np.array([[1.0, -1, 0, np.nan]] * 97 + [[-1.0, -1, 0, np.nan]] * 2)
    np.testing.assert_allclose(bootstrap_p(draws), [0.06, 0.02, 1, np.nan])


def test_needed_resamples_leave_room_for_a_clear_difference() -> None:
    assert [needed_resamples(k, 0.95) for k in (1, 26, 33)] == [80, 2080, 2640]
    assert needed_resamples(10, 0.9) == 400
    for k in (1, 12, 33):
        best = bootstrap_p(np.ones((needed_resamples(k, 0.95), k)))
        assert 0.02 < holm(best)[0] < 0.026
    assert holm(bootstrap_p(np.ones((1000, 26))))[0] > 0.05
    assert [usual_resamples(k, 0.95) for k in (4, 26, 9000)] == [1000, 2080, 20_000]
