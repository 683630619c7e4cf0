"""Draws against the stated chances: explicit formulas, and chi-square of what is drawn."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import chisquare

from longtail.errors import UserError
from longtail.sampling import (
    class_aware_chances,
    class_aware_order,
    effective_number_chances,
    effective_number_order,
    power_chances,
    power_order,
    progressive_chances,
    progressive_order,
    reversed_order,
    square_root_order,
)

COUNTS = (70, 25, 4, 0, 1)
SINGLE = np.repeat(np.arange(5), COUNTS)
SEVERAL = np.array([[1, 0, 0], [1, 1, np.nan], [1, np.nan, 0], [1, 0, 1], [0, 0, 0], [np.nan] * 3], dtype=np.float32)
Targets = npt.NDArray[np.generic]
Chances = Callable[[Targets], npt.NDArray[np.float64]]

WAYS: dict[str, tuple[Callable[..., npt.NDArray[np.int64]], Chances]] = {
    "class_aware": (class_aware_order, class_aware_chances),
    "square_root": (square_root_order, lambda t: power_chances(t, 0.5)),
    "power": (lambda *a, **k: power_order(*a, power=0.2, **k), lambda t: power_chances(t, 0.2)),
    "reversed": (reversed_order, lambda t: power_chances(t, -1.0)),
    "effective_number": (
        lambda *a, **k: effective_number_order(*a, beta=0.9, **k),
        lambda t: effective_number_chances(t, 0.9),
    ),
    "progressive": (
        lambda t, seed, _, **k: progressive_order(t, seed, 2, 5, **k),
        lambda t: progressive_chances(t, 2, 5),
    ),
}


@pytest.mark.parametrize("targets", [SINGLE, SEVERAL], ids=["single", "several"])
@pytest.mark.parametrize("way", WAYS)
def test_draws_follow_the_stated_chances(way: str, targets: Targets) -> None:
    order, stated = WAYS[way]
    chances, size = stated(targets), 40_000
    drawn = np.bincount(order(targets, 0, 0, size=size), minlength=len(targets))
    assert chances.sum() == pytest.approx(1)
    assert (drawn[chances == 0] == 0).all()
    there = chances > 0
    assert chisquare(drawn[there], size * chances[there]).pvalue > 1e-3


@pytest.mark.parametrize("way", WAYS)
def test_an_epoch_is_as_long_as_the_data(way: str) -> None:
    assert len(WAYS[way][0](SINGLE, 0, 0)) == len(SINGLE)


def test_class_aware_by_hand() -> None:
    by_class = [class_aware_chances(SINGLE)[c == SINGLE].sum() for c in range(5)]
    assert by_class == pytest.approx([0.25, 0.25, 0.25, 0, 0.25])
    # Labels have 4, 1, 1 rows: row 1 comes through the first and the second.
    expected = [1 / 12, 1 / 12 + 1 / 3, 1 / 12, 1 / 12 + 1 / 3, 0, 0]
    assert class_aware_chances(SEVERAL).tolist() == pytest.approx(expected)


def test_class_aware_draws_are_even_within_one_round() -> None:
    drawn = SINGLE[class_aware_order(SINGLE, 0, 0, size=82)]
    counts = np.bincount(drawn)
    assert counts[3] == 0
    assert set(counts[[0, 1, 2, 4]].tolist()) == {20, 21}


@pytest.mark.parametrize("power", [1.0, 0.5, 0.0, -1.0])
def test_power_by_hand(power: float) -> None:
    weights = [n**power if n else 0 for n in COUNTS]
    by_class = [power_chances(SINGLE, power)[c == SINGLE].sum() for c in range(5)]
    assert by_class == pytest.approx([w / sum(weights) for w in weights])


def test_reversed_is_the_published_rule() -> None:
    weights = [max(COUNTS) / n if n else 0 for n in COUNTS]
    by_class = [power_chances(SINGLE, -1)[c == SINGLE].sum() for c in range(5)]
    assert by_class == pytest.approx([w / sum(weights) for w in weights])


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999])
def test_effective_number_by_hand(beta: float) -> None:
    weights = [(1 - beta) / (1 - math.pow(beta, COUNTS[c])) for c in SINGLE]
    assert effective_number_chances(SINGLE, beta).tolist() == pytest.approx([w / sum(weights) for w in weights])
    with pytest.raises(UserError, match="beta is 1"):
        effective_number_chances(SINGLE, 1.0)


def test_progressive_goes_from_rows_to_labels() -> None:
    assert progressive_chances(SINGLE, 0, 10) == pytest.approx(np.full(100, 0.01))
    assert progressive_chances(SINGLE, 9, 10) == pytest.approx(class_aware_chances(SINGLE))
    assert progressive_chances(SINGLE, 20, 10) == pytest.approx(class_aware_chances(SINGLE))
    middle = progressive_chances(SINGLE, 3, 10)
    assert middle == pytest.approx(2 / 3 * 0.01 + class_aware_chances(SINGLE) / 3)
    with pytest.raises(UserError, match="epoch is 0 of 0"):
        progressive_chances(SINGLE, 0, 0)
