"""What makes two stages the same, and what does not."""

from collections.abc import Mapping
from typing import Any

import pytest

from longtail.stages.graph import order_of, parents_of
from longtail.stages.identity import stage_identity
from longtail.stages.recipe import Recipe

Stages = dict[str, dict[str, Any]]
PLAIN: Stages = {"a": {"epochs": 1}, "b": {"epochs": 1, "from": "a"}}


def identities(stages: Stages, **more: Any) -> Mapping[str, str]:
    recipe = Recipe.model_validate({"recipe": "x", "task": "multilabel", "stages": stages, **more})
    found: dict[str, str] = {}
    for name in order_of(recipe):
        parents = {each: found[each] for each in parents_of(recipe, name)}
        found[name] = stage_identity(recipe, name, seed=0, data="rows", parents=parents)
    return found


def changed(name: str, **settings: Any) -> Stages:
    return {each: {**own, **(settings if each == name else {})} for each, own in PLAIN.items()}


@pytest.mark.parametrize("settings", [{"compile": True}, {"micro_batch": 4}, {"cache": "off"}, {"picture": "none"}])
def test_how_a_stage_is_computed_does_not_count(settings: dict[str, Any]) -> None:
    assert identities(changed("a", **settings)) == identities(PLAIN)


def test_names_comments_and_later_stages_do_not_count() -> None:
    plain = identities(PLAIN)
    renamed = identities({"first": PLAIN["a"], "second": {**PLAIN["b"], "from": "first"}}, about="told")
    assert list(renamed.values()) == list(plain.values())
    assert identities({"a": PLAIN["a"]})["a"] == plain["a"]


def test_what_it_learns_counts_for_it_and_for_what_starts_from_it() -> None:
    plain, other = identities(PLAIN), identities(changed("a", image_size=96))
    assert plain["a"] != other["a"]
    assert plain["b"] != other["b"]
    alone = identities(changed("b", image_size=96))
    assert alone["a"] == plain["a"]
    assert alone["b"] != plain["b"]


def test_images_at_once_count_for_a_loss_that_compares_them() -> None:
    pretraining: Stages = {"a": {"kind": "pretrain", "method": "dinov2", "epochs": 1}}
    parted: Stages = {"a": {**pretraining["a"], "micro_batch": 4}}
    whole: Stages = {"a": {**pretraining["a"], "micro_batch": None}}
    assert identities(parted) != identities(pretraining) == identities(whole)


def test_a_soup_is_what_its_members_are() -> None:
    def soup(first: str, lr: float) -> str:
        members: Stages = {name: {"epochs": 1, "batch_size": size} for name, size in ((first, 8), ("b", 16))}
        members["b"]["optimizer"] = {"adamw": {"lr": lr}}
        return identities({**members, "soup": {"kind": "soup", "method": {"uniform": {"of": [first, "b"]}}}})["soup"]

    assert soup("a", 0.1) == soup("renamed", 0.1) != soup("a", 0.2)


def test_a_stage_that_hands_its_momentum_over_is_another_one() -> None:
    """A stored stage that nobody asked for momentum has none to give; whoever asks trains one that has."""
    plain, asked = identities(PLAIN), identities(changed("b", hand_over={"momentum": True}))
    assert plain["a"] != asked["a"]
    assert plain["b"] != asked["b"]
