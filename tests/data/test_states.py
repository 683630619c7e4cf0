import numpy as np
import pytest

from longtail.data.states import BAD, is_empty, positives, state_of


@pytest.mark.parametrize("text", ["1", "1.0", "true", "TRUE", " 1 "])
def test_present(text):
    assert state_of(text) == 1


@pytest.mark.parametrize("text", ["0", "0.0", "-0.0", "False"])
def test_absent(text):
    assert state_of(text) == 0


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NA", "n/a", "None", "null"])
def test_unknown(text):
    assert np.isnan(state_of(text))
    assert is_empty(text)


@pytest.mark.parametrize("text", ["-1", "-1.0", "u", "U"])
def test_uncertain_follows_the_policy(text):
    assert np.isnan(state_of(text))
    assert state_of(text, "positive") == 1
    assert state_of(text, "negative") == 0


@pytest.mark.parametrize("text", ["2", "yes", "0.5", "inf", "11", "-2"])
def test_everything_else_is_bad(text):
    assert state_of(text) == BAD


def test_positives_leave_out_unknowns():
    targets = np.array([[1, np.nan], [1, 0], [0, 1]], dtype=np.float32)
    assert positives(targets).tolist() == [2, 1]
