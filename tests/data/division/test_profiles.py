"""The counts of long tails, against published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtail.data.division.profiles import head_share_counts, long_tail_counts
from longtail.errors import UserError


def test_pathmnist_lt():
    assert long_tail_counts(9366, 100, 9) == [9366, 5267, 2962, 1666, 937, 527, 296, 167, 94]
    assert long_tail_counts(9366, 100, 9, rounding="floor")[-1] == 93


def test_cifar_lt():
    assert long_tail_counts(5000, 100, 10, rounding="floor") == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert long_tail_counts(500, 10, 100, rounding="floor")[-1] == 50


def test_halves_go_up_and_small_cases():
    assert long_tail_counts(5, 2, 2) == [5, 3]  # round() would give 2
    assert long_tail_counts(7, 100, 1) == [7]
    assert long_tail_counts(7, 1, 3) == [7, 7, 7]


@given(st.integers(1, 10**6), st.floats(1, 10**4), st.integers(2, 200))
def test_from_n_max_down_to_n_max_over_ratio(n_max, ratio, classes):
    counts = long_tail_counts(n_max, ratio, classes)
    assert counts[0] == n_max
    assert counts == sorted(counts, reverse=True)
    assert abs(counts[-1] - n_max / ratio) <= 0.5 + 1e-6 * n_max


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((100, 0.01, 10), "for a factor of 0.01 write 100"),
        ((100, float("nan"), 10), "ratio nan"),
        ((100, float("inf"), 10), "ratio inf"),
        ((0, 10, 10), "1 or more classes and images"),
        ((10, 10, 0), "1 or more classes and images"),
    ],
)
def test_tails_that_cannot_be(arguments, why):
    with pytest.raises(UserError, match=why):
        long_tail_counts(*arguments)


def test_unknown_rounding():
    with pytest.raises(UserError, match="unknown rounding 'flor'.*Did you mean 'floor'"):
        long_tail_counts(10, 2, 3, rounding="flor")  # type: ignore[arg-type]


def test_sar_class_0_above_80_percent():
    counts = head_share_counts([300] * 10, 0.8)  # the ten near-equal classes of MSTAR
    assert counts[0] == 300
    assert sum(counts) == 375
    assert set(counts[1:]) <= {8, 9}


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=12), st.floats(0.05, 0.95), st.none() | st.floats(1, 50))
def test_the_head_holds_its_share_and_nobody_gets_more_than_there_is(have, share, ratio):
    head = have.index(max(have))
    try:
        counts = head_share_counts(have, share, head=head, ratio=ratio)
    except UserError as error:
        assert "too few to hold" in str(error)  # noqa: PT017
        return
    assert counts[head] == have[head]
    assert counts[head] >= share * sum(counts) - 1e-6
    assert all(1 <= count <= most for count, most in zip(counts, have, strict=True))


def test_the_rest_keeps_its_proportions_or_takes_a_profile():
    assert head_share_counts([100, 40, 20, 10], 0.8) == [100, 14, 7, 4]
    assert head_share_counts([100, 3, 2, 1], 0.5) == [100, 3, 2, 1]
    assert head_share_counts([10, 1000, 30, 20], 0.9, head=1) == [10, 1000, 30, 20]
    profile = head_share_counts([8000, 900, 900, 900], 0.8, ratio=10)
    assert profile[0] == 8000
    assert profile[1] == pytest.approx(900, abs=1)  # no higher than there is
    assert profile[3] == pytest.approx(90, abs=1)


def test_head_shares_that_cannot_be():
    with pytest.raises(UserError, match="has 10 images, too few to hold 80% beside 4 other classes.*needs 16"):
        head_share_counts([10, 5, 5, 5, 5], 0.8)
    with pytest.raises(UserError, match="between 0 and 1"):
        head_share_counts([10, 5], 80)
    with pytest.raises(UserError, match="ratio 0.5"):
        head_share_counts([100, 5, 5], 0.5, ratio=0.5)
