from typing import Any

import pytest

from longtail.errors import UserError
from longtail.stages.overrides import apply_overrides, overrides_from, parse_overrides
from longtail.stages.yaml_tree import Place, parse_tree, plain

_TEXT = """\
stages:
  a: {epochs: 3, loss: bce, augment: [hflip, {cutout: {holes: 3}}, cutout]}
  b: {}
  c:
"""


def _changed(*texts: str) -> Any:
    tree = parse_tree(_TEXT, "x")
    apply_overrides(tree, parse_overrides(texts))
    return plain(tree)["stages"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stages.a.epochs=5", {"epochs": 5}),
        ("stages.a.loss={focal: {gamma: 1}}", {"loss": {"focal": {"gamma": 1}}}),
        ("stages.a.loss.bce.smoothing=.1", {"loss": {"bce": {"smoothing": 0.1}}}),
        ("stages.a.keep.best=map", {"keep": {"best": "map"}}),
        ("stages.a.augment.cutout.holes=9", {"augment": ["hflip", {"cutout": {"holes": 9}}, "cutout"]}),
        ("stages.a.augment.2.cutout.holes=9",
         {"augment": ["hflip", {"cutout": {"holes": 3}}, {"cutout": {"holes": 9}}]}),
        ("stages.a.augment.hflip={hflip: {probability: 1}}",
         {"augment": [{"hflip": {"probability": 1}}, {"cutout": {"holes": 3}}, "cutout"]}),
        ("stages.a.augment.0=vflip", {"augment": ["vflip", {"cutout": {"holes": 3}}, "cutout"]}),
        ("stages.a.epochs=", {"epochs": None}),
    ],
)  # fmt: skip
def test_a_dotted_path_sets_one_value(text: str, expected: dict[str, Any]) -> None:
    before = plain(parse_tree(_TEXT, "x"))["stages"]["a"]
    assert _changed(text)["a"] == {**before, **expected}


def test_a_star_is_every_entry() -> None:
    assert {name: stage["image_size"] for name, stage in _changed("stages.*.image_size=64").items()} == dict.fromkeys(
        "abc", 64
    )


def test_later_ones_win_and_know_their_place() -> None:
    tree = parse_tree(_TEXT, "x")
    apply_overrides(tree, parse_overrides(["stages.a.epochs=5", "stages.a.epochs=6"]))
    assert str(tree.value["stages"].value["a"].value["epochs"].key_place) == "override 'stages.a.epochs=6'"


def test_keys_that_hold_dots() -> None:
    tree = parse_tree("search: {values: {optimizer.adamw.lr: [1]}}", "x")
    apply_overrides(tree, overrides_from({"search.values.optimizer.adamw.lr": [1, 2]}, Place("smoke")))
    assert plain(tree) == {"search": {"values": {"optimizer.adamw.lr": [1, 2]}}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages", "'stages' is no override; write key=value, such as stages.NAME.epochs=3."),
        ("=3", "is no override"),
        ("stages.a.epochs.x=1", "'3' has no settings of its own"),
        (
            "stages.a.loss.focal.gamma=1",
            "the recipe says 'bce' there, which has no 'focal'; write stages.a.loss={focal:",
        ),
        ("stages.a.augment.cutuot.holes=1", "the list there has no 'cutuot'. Did you mean 'cutout'?"),
        ("stages.a.epochs=[1", "override 'stages.a.epochs=[1', line 1"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        _changed(text)
    assert message in str(error.value)
