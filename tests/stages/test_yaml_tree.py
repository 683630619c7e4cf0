from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.stages.yaml_tree import Place, find, parse_tree, parse_value, plain, read_tree, scalar

_TEXT = """\
recipe: one
stages:
  a: {epochs: 3, loss: [bce, {focal: {gamma: 2}}]}
"""


def test_every_value_and_key_knows_its_place() -> None:
    tree = parse_tree(_TEXT, "'r.yaml'")
    assert plain(tree) == {"recipe": "one", "stages": {"a": {"epochs": 3, "loss": ["bce", {"focal": {"gamma": 2}}]}}}
    node, steps = find(tree, ("stages", "a", "loss", 1, "focal", "gamma"))
    assert (steps, node.value, node.key_place) == (6, 2, Place("'r.yaml'", 3, 39))
    assert str(node.place) == "'r.yaml', line 3, column 46"
    node, steps = find(tree, ("stages", "a", "nothing", "below"))
    assert (steps, str(node.key_place)) == (2, "'r.yaml', line 3, column 3")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-6", 1e-6), ("1.0e-3", 0.001), (".5", 0.5), ("-3", -3), ("1.", 1.0), (".inf", float("inf")),
        ("-.INF", float("-inf")), ("on", "on"), ("no", "no"), ("yes", "yes"), ("true", True), ("False", False),
        ("~", None), ("null", None), ("", None), ("2026-11-21", "2026-11-21"), ("1:30", "1:30"), ("0x10", "0x10"),
        ("1_000", "1_000"), ("-", "-"), ("1e", "1e"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_nan_is_a_number() -> None:
    assert scalar(".nan") != scalar(".nan")


def test_quoted_text_stays_text() -> None:
    assert plain(parse_tree("a: '3'\nb: \"true\"\nc: |\n  3\n", "x")) == {"a": "3", "b": "true", "c": "3\n"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "x, line 3, column 1: 'a' stands here a second time (first at line 1); keep one."),
        ("a: {b: 1, b: 2}", "line 1, column 11: 'b' stands here a second time"),
        ("a: [1", "line 1, column 6"),
        ("a: b: c", "this is no valid YAML"),
        ("\ta: 1", "line 1, column 1"),
        ("[1, 2]: 3", "a key is a list or a mapping"),
        ("a: !!python/object:os.system {}", "the tag 'tag:yaml.org,2002:python/object:os.system' is not allowed"),
        ("a: !!int 3", "is not allowed"),
        ("", "is empty; a recipe starts with"),
        ("# only a comment", "is empty"),
        ("a: \x07", "a character that YAML does not allow"),
        ("a: *b", "line 1, column 4"),
        ("a: &a [*a]", "refers to itself"),
        ("[" * 70 + "]" * 70, "nested too deeply"),
        ("[" * 5000, "nested too deeply"),
        ("a: 1\n---\nb: 2", "line 2, column 1"),
    ],
)
def test_what_is_no_recipe_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        parse_tree(text, "x")
    assert message in str(error.value)


def test_aliases_that_grow_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(UserError, match="refers to itself"):
        parse_tree("\n".join(lines), "x")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(UserError, match="is no text in UTF-8"):
        read_tree(path)


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("﻿recipe: a\n", encoding="utf-8")
    assert plain(read_tree(path)) == {"recipe": "a"}


def test_values_of_the_command_line_have_one_place() -> None:
    node = parse_value("{a: [1, x]}", "override")
    assert plain(node) == {"a": [1, "x"]}
    assert str(node.value["a"].value[1].place) == "override"
    assert plain(parse_value("", "override")) is None


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_tree(text, "x")
    except UserError as error:
        message = str(error)
        assert message
