"""Scales and ticks, by hand and by their properties."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.report.charts.axes import Scale, axes, log_ticks, number, rounded_up, ticks


@settings(max_examples=60)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_ticks_are_few_even_and_inside(low: float, size: float, most: int) -> None:
    found = ticks(low, low + size, most)
    assert len(found) <= most + 1
    assert all(low - 1e-6 * size <= tick <= low + size * (1 + 1e-6) + 1e-9 for tick in found)


def test_ticks_are_round() -> None:
    assert ticks(0, 1, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(0, 30, 5) == [0, 10, 20, 30]
    assert ticks(3, 3) == [3]
    assert log_ticks(0.8, 1300) == [1, 10, 100, 1000]


def test_scales() -> None:
    assert Scale(0, 10, 100, 200)(5) == 150
    assert math.isclose(Scale(1, 100, 0, 10, log=True)(10), 5)
    assert Scale(1, 100, 0, 10, log=True)(0) == 0  # below a logarithm's reach: the start
    assert Scale(3, 3, 0, 10)(3) == 0
    assert axes(0, 0, 10, 10, (0, 1), (0, 1)).points([0, float("nan"), 1], [0, 1, 1]) == [(0, 10), (10, 0)]


def test_numbers_and_ends_of_axes() -> None:
    assert [number(x) for x in (0, 0.25, 1e-5, 1500, 50000, 2e6)] == ["0", "0.25", "1e-5", "1,500", "50k", "2M"]
    assert [rounded_up(x) for x in (0, 0.61, 1, 7.5, 120)] == [1, 0.8, 1, 8, 150]
