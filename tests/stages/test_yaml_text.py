from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.stages.component import NamedPart
from longtail.stages.yaml_text import yaml_text
from longtail.stages.yaml_tree import parse_tree, plain

_SCALARS: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), max_size=20),
    st.sampled_from(["on", "no", "1e-6", "null", "~", "", "-", "a: b", "#x", "'", "x\ny\n", ".inf", "{a}", "a -> b"]),
)
_KEYS = st.text("abc-_. >1", min_size=1, max_size=8).filter(lambda key: key == key.strip())
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _DATA, min_size=1, max_size=4))
def test_what_is_written_reads_the_same(data: dict[str, Any]) -> None:
    assert plain(parse_tree(yaml_text(data), "x")) == data


def test_components_and_short_values_stand_on_one_line() -> None:
    text = yaml_text({"loss": [NamedPart("bce"), NamedPart("focal", {"gamma": 2.0})], "rate": 1e-6})
    assert text == "loss: [bce, {focal: {gamma: 2.0}}]\nrate: 1e-06\n"
