"""Major and minor classes by training counts, and means over them."""

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.evaluate import class_groups, group_means

COUNTS = [50, 900, 7, 300, 7, 1000, 40]


def test_most_and_least_frequent() -> None:
    groups = {name: members.tolist() for name, members in class_groups(COUNTS).items()}
    assert groups == {"all": [0, 1, 2, 3, 4, 5, 6], "major": [1, 3, 5], "minor": [2, 4, 6]}
    assert class_groups(COUNTS, minor=1)["minor"].tolist() == [4]  # of equals the first is the more frequent


def test_means_say_over_how_many() -> None:
    values = [0.1, 0.2, np.nan, 0.4, 0.5, 0.6, 0.7]
    means = group_means(values, class_groups(COUNTS, minor=2))
    assert means["major"] == (pytest.approx(0.4), 3)
    assert means["minor"] == (0.5, 1)
    assert means["all"].over == 6


def test_groups_do_not_overlap() -> None:
    with pytest.raises(UserError, match="5 classes cannot give 3 major and 3 minor"):
        class_groups(COUNTS[:5])
