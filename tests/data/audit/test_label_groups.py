import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtail.data.audit.label_groups import GROUPS, group_boundaries, label_groups
from longtail.errors import UserError


def test_the_literatures_boundaries_are_medium():
    assert label_groups([101, 100, 20, 19, 0]) == ["head", "medium", "medium", "tail", "tail"]


def test_boundaries_by_option():
    assert label_groups([11, 10, 5, 4], head=10, tail=5) == ["head", "medium", "medium", "tail"]
    with pytest.raises(UserError, match="head must be at least tail"):
        label_groups([1], head=4, tail=5)


@pytest.mark.parametrize(("rows", "head", "tail"), [(10_000, 1000, 100), (12_345, 1234, 124), (7, 1, 1), (0, 0, 0)])
def test_multilabel_boundaries_are_shares(rows, head, tail):
    edges = group_boundaries("multilabel", rows)
    assert (edges.head, edges.tail) == (head, tail)
    assert f"10% and 1% of {rows:,} images" in edges.rule


@given(rows=st.integers(1, 100_000), count=st.integers(0, 100_000))
def test_shares_are_exact(rows, count):
    edges = group_boundaries("multilabel", rows)
    (group,) = label_groups([count], head=edges.head, tail=edges.tail)
    assert group in GROUPS
    if rows >= 10:
        assert (group == "head") == (count * 10 > rows)
        assert (group == "tail") == (count * 100 < rows)


def test_one_stated_boundary_moves_the_other_out_of_its_way():
    edges = group_boundaries("singlelabel", 1000, head=10)
    assert (edges.head, edges.tail, edges.rule) == (10, 10, "as stated")
    edges = group_boundaries("singlelabel", 1000, tail=500)
    assert (edges.head, edges.tail) == (500, 500)
    assert group_boundaries("singlelabel", 5) == group_boundaries("singlelabel", 50_000)
