from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.stages.graph import check_graph, links, order_of, parents_of, predict_links, predicting
from longtail.stages.mistakes import RecipeError
from longtail.stages.recipe import Recipe


def _recipe(stages: dict[str, dict[str, Any]], **more: Any) -> Recipe:
    whole = {name: {"epochs": 1, **stage} for name, stage in stages.items()}
    return Recipe.model_validate({"recipe": "x", "stages": whole, **more})


_PASTED = {"kind": "synthesize", "method": "lesion_paste", "epochs": None}


def test_a_stage_comes_after_all_that_it_needs() -> None:
    recipe = _recipe(
        {
            "last": {"from": "middle", "oversample": {"below_ap": 0.1, "judged_by": "judge"}, "add": ["made"]},
            "made": _PASTED,
            "judge": {},
            "middle": {"from": "first"},
            "first": {},
        }
    )
    check_graph(recipe)
    assert order_of(recipe) == ["made", "judge", "first", "middle", "last"]
    assert parents_of(recipe, "last") == ["middle", "judge", "made"]
    assert {(link.source, link.kind) for link in links(recipe)} == {
        ("middle", "from"), ("judge", "judged_by"), ("made", "add"), ("first", "from"),
    }  # fmt: skip
    assert predicting(recipe) == ["last"]


def test_what_predicts() -> None:
    recipe = _recipe(
        {"a": {}, "b": {"from": "a"}},
        predict={"ensemble": ["a", "b"], "views": {"frontal_replaces_lateral": {"judged_by": "a"}}},
    )
    assert predicting(recipe) == ["a", "b"]
    assert [(link.source, link.kind) for link in predict_links(recipe)] == [
        ("a", "ensemble"), ("b", "ensemble"), ("a", "judged_by"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "more", "path", "sentence"),
    [
        ({}, {}, "stages", "has no stage"),
        ({"a b": {}}, {}, "stages.a b", "no name for a stage"),
        ({"a": {"from": "a"}}, {}, "stages.a.from", "circle: a needs a"),
        ({"a": {"from": "c"}, "b": {"from": "a"}, "c": {"from": "b"}}, {}, "stages.a.from", "a needs c needs b"),
        ({"a": {"from": "bb"}, "b": {}}, {}, "stages.a.from", "there is no stage 'bb'"),
        ({"a": {"from": "p"}, "p": _PASTED}, {}, "stages.a.from", "has no weights"),
        ({"a": {"add": "b"}, "b": {}}, {}, "stages.a.add.0", "makes no images"),
        ({"a": {"rows": ["train", "val"]}, "b": {"oversample": {"below_ap": 0.1, "judged_by": "a"}}}, {},
         "stages.b.oversample.judged_by", "has no validation predictions to judge by"),
        ({"a": {}, "p": _PASTED}, {"predict": {"ensemble": ["p"]}}, "predict.ensemble.0", "predicts nothing"),
        ({"a": {}}, {"predict": {"views": {"any": {"judged_by": "c"}}}}, "predict.views.any.judged_by", "no stage 'c'"),
        ({"a": {"steps": 1}}, {}, "stages.a.steps", "stands beside epochs"),
        ({"a": {"epochs": None}}, {}, "stages.a", "neither epochs nor steps"),
        ({"a": {"rows": ["test"]}}, {}, "stages.a.rows", "no stage may see"),
        ({"a": {"rows": ["train", "val"], "keep": {"best": "map"}}}, {}, "stages.a.keep", "no validation rows"),
        ({"a": {"early_stop": {"patience": 1}}}, {}, "stages.a.early_stop", "needs a metric to watch"),
        ({"a": {"search": {"values": {"clip": [1.0]}}}}, {}, "stages.a.search", "needs a metric to choose by"),
        ({"a": {"search": {"values": {"clip": []}}, "keep": {"best": "map"}}}, {}, "stages.a.search.values", "no val"),
        ({"a": {"hand_over": {"momentum": True}}}, {}, "stages.a.hand_over", "starts from no other"),
        ({"a": {"kind": "pretrain", "method": "dinov2"}, "b": {"from": "a", "hand_over": {"momentum": True}}}, {},
         "stages.b.hand_over.momentum", "is of kind pretrain and hands no momentum over"),
        ({"a": {"train": {}}}, {}, "stages.a.train", "one of layers, last_blocks and lora"),
        ({"a": {"cache": "on"}}, {}, "stages.a.cache", "only where train is head"),
        ({"a": {"drop_classes": [0], "keep_classes": [1]}}, {}, "stages.a.keep_classes", "stands beside drop_classes"),
        ({"a": {"balance": {"per_class": 3}, "oversample": {"below_ap": 0.1, "judged_by": "b"}}, "b": {}}, {},
         "stages.a.balance", "stands beside oversample"),
    ],
)  # fmt: skip
def test_a_graph_that_cannot_run_is_refused_at_its_place(
    stages: dict[str, Any], more: dict[str, Any], path: str, sentence: str
) -> None:
    with pytest.raises(RecipeError) as error:
        check_graph(_recipe(stages, **more))
    assert sentence in str(error.value)
    assert str(error.value).startswith(f"{path}: ")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=8), st.randoms())
def test_any_graph_without_circles_has_an_order(parents: list[int], random: Any) -> None:
    names = [f"s{i}" for i in range(len(parents))]
    stages = {
        name: {"from": names[parent]} if parent < i else {}
        for i, (name, parent) in enumerate(zip(names, parents, strict=True))
    }
    shuffled = dict(random.sample(list(stages.items()), len(stages)))
    recipe = _recipe(shuffled)
    order = order_of(recipe)
    assert sorted(order) == sorted(names)
    for name in names:
        assert all(order.index(parent) < order.index(name) for parent in parents_of(recipe, name))
