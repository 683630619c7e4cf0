"""p-values of a bootstrap, and Holm's correction."""

import numpy as np

from longtail.evaluate import bootstrap_p, holm


def test_holm_by_hand() -> None:
    found = holm([0.01, np.nan, 0.04, 0.03, 0.6])
    np.testing.assert_allclose(found, [0.04, np.nan, 0.09, 0.09, 0.6])
    assert np.isnan(holm([np.nan])).all()
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_bootstrap_p() -> None:
    draws = np.array([[1.0, -1, 0, np.nan]] * 97 + [[-1.0, -1, 0, np.nan]] * 2)
    np.testing.assert_allclose(bootstrap_p(draws), [0.06, 0.02, 1, np.nan])
