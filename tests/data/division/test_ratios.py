"""Split ratios as people write them."""

import pytest

from longtail.data.division.ratios import parse_ratios
from longtail.errors import UserError


@pytest.mark.parametrize(
    ("written", "shares"),
    [
        ("75/5/20", {"train": 0.75, "val": 0.05, "test": 0.2}),
        ("7.5:0.5:2", {"train": 0.75, "val": 0.05, "test": 0.2}),
        ("0.8, 0.2", {"train": 0.8, "val": 0.2}),
        ((0.7, 0.1, 0.2), {"train": 0.7, "val": 0.1, "test": 0.2}),
        ([90, 10], {"train": 0.9, "val": 0.1}),
    ],
)
def test_ratios(written, shares):
    assert parse_ratios(written) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("70/10/30", "sum 110"),
        ("0.7/0.1", "sum 0.8"),
        ("100", "are 1; give two"),
        ("40/30/20/10", "are 4; give two"),
        ("80/20/0", "above 0"),
        ((0.7, -0.1, 0.4), "above 0"),
        ("nan/0.5", "above 0"),
        ("most/some", "no numbers"),
        ("", "no numbers"),
    ],
)
def test_unusable_ratios(written, why):
    with pytest.raises(UserError, match=why):
        parse_ratios(written)
