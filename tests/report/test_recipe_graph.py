"""The graph of a recipe as users write it."""

from dataclasses import replace
from pathlib import Path

from longtail.report.graph_svg import Edge
from longtail.report.recipe_graph import recipe_graph
from longtail.report.run_folder import RunFolder, StageFacts

_EMPTY = RunFolder(Path(), "r", {}, {}, {}, {}, ())


def test_every_kind_of_edge_and_what_nodes_say() -> None:
    recipe = {
        "stages": {
            "rough": {"image_size": 224, "batch_size": 64, "loss": [{"bce": {}}, "supcon"]},
            "paste": {"kind": "synthesize", "judged_by": "rough"},
            "fine": {"from": "rough", "add": ["paste"], "train": "head",
                     "oversample": {"below_ap": 0.1, "judged_by": "rough"}},
        },
        "predict": {"ensemble": ["rough", "fine"], "tta": ["identity", {"hflip": {}}], "merge": {"rank": {}}},
    }  # fmt: skip
    done = StageFacts("rough", {"kept": {"metric": "map", "value": 0.31234, "epoch": 7}}, [], None)
    nodes, edges = recipe_graph(replace(_EMPTY, recipe=recipe, stages=(done,)))
    assert edges == [
        Edge("rough", "paste", "judged_by"), Edge("rough", "fine"), Edge("rough", "fine", "judged_by"),
        Edge("paste", "fine", "add"), Edge("rough", "predictions", "ensemble"),
        Edge("fine", "predictions", "ensemble"),
    ]  # fmt: skip
    lines = {node.name: node.lines for node in nodes}
    assert lines["rough"] == ("224 px, batch 64", "bce + supcon", "map 0.312, epoch 7")
    assert lines["paste"] == ("synthesize",)
    assert lines["fine"] == ("trains the head",)
    assert lines["predictions"] == ("rank of 2 stages", "also seen: hflip")


def test_the_last_stage_predicts_where_nobody_says() -> None:
    nodes, edges = recipe_graph(replace(_EMPTY, recipe={"stages": {"a": {}, "b": None}}))
    assert edges == [Edge("b", "predictions", "ensemble")]
    assert [node.name for node in nodes] == ["a", "b", "predictions"]
    assert recipe_graph(_EMPTY) == ([], [])
