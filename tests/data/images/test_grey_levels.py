import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.data.images.grey_levels import by_range, by_window, looked_up, sixteen_to_eight, window_of
from longtail.errors import UserError


@given(st.floats(-1000, 1000), st.floats(2, 4000), st.floats(-3000, 3000))
@settings(max_examples=60, deadline=None)
def test_linear_window_is_the_standards_formula(center: float, width: float, x: float) -> None:
    if x <= center - 0.5 - (width - 1) / 2:
        y = 0.0
    elif x > center - 0.5 + (width - 1) / 2:
        y = 255.0
    else:
        y = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
    assert abs(int(by_window(np.array([x]), center, width)[0]) - y) <= 0.51


def test_other_curves() -> None:
    x = np.array([-100.0, 0.0, 100.0])
    assert by_window(x, 0, 100, "LINEAR_EXACT").tolist() == [0, 128, 255]
    assert by_window(x, 0, 100, "SIGMOID").tolist() == [5, 128, 250]
    assert by_range(np.array([7, 7]), 7, 7).tolist() == [0, 0]


def test_looking_up_equals_computing() -> None:
    values = np.random.default_rng(0).integers(-3000, 3000, (20, 30))
    for dtype in (np.int16, np.int32):
        found = looked_up(values.astype(dtype), lambda levels: by_range(levels, -1000, 1000))
        assert np.array_equal(found, by_range(values, -1000, 1000))


def test_full_range_rounds() -> None:
    levels = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(sixteen_to_eight(levels, "full"), np.rint(levels / 257).astype(np.uint8))


def test_windows_as_users_write_them() -> None:
    assert window_of("minmax") == "minmax"
    assert window_of("40, 400") == (40.0, 400.0)
    with pytest.raises(UserError, match="Did you mean 'minmax'"):
        window_of("minmx")


def test_far_above_a_narrow_range_is_white_without_a_warning() -> None:
    assert by_range(np.array([0.0, 1e305]), 0, 1e-12).tolist() == [0, 255]
