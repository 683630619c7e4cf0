"""Study labels with noise and unknowns."""

import numpy as np
import pytest

from longtail.data.phantom.labelling import study_class, study_states

NAMES = ["a", "b", "c", "d"]


def _rng(seed=0):
    return np.random.default_rng(seed)


def test_clean_labels_say_what_was_drawn():
    assert study_states(("b", "d"), NAMES, _rng(), label_noise=0, unknown=0).tolist() == [0, 0, 1, 0, 1]
    assert study_states((), NAMES, _rng(), label_noise=0, unknown=0).tolist() == [1, 0, 0, 0, 0]
    assert study_class((), NAMES, _rng(), label_noise=0, unknown=0) == 0
    assert study_class(("c",), NAMES, _rng(), label_noise=0, unknown=0) == 3


@pytest.mark.parametrize(("noise", "unknown"), [(0.1, 0.0), (0.0, 0.2), (0.05, 0.1)])
def test_rates_and_consistency(noise, unknown):
    rows = np.array([study_states(("b",), NAMES, _rng(i), label_noise=noise, unknown=unknown) for i in range(2000)])
    truth = np.array([0, 1, 0, 0])
    known = ~np.isnan(rows[:, 1:])
    assert abs((~known).mean() - unknown) < 0.02
    assert abs((rows[:, 1:] != truth)[known].mean() - noise) < 0.02
    any_positive = (rows[:, 1:] == 1).any(axis=1)
    none = (rows[:, 1:] == 0).all(axis=1)
    assert (rows[any_positive, 0] == 0).all()
    assert (rows[none, 0] == 1).all()
    assert np.isnan(rows[~any_positive & ~none, 0]).all()


def test_classes_with_noise_are_other_classes():
    drawn = np.array([study_class(("b",), NAMES, _rng(i), label_noise=0.3, unknown=0.1) for i in range(3000)])
    assert abs((drawn == -1).mean() - 0.1) < 0.02
    known = drawn[drawn >= 0]
    assert abs((known != 2).mean() - 0.3) < 0.03
    assert set(known) == {0, 1, 2, 3, 4}
