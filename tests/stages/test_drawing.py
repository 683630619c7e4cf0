from xml.etree import ElementTree

from longtail.stages.drawing import graph_lines, prediction_in_words, recipe_svg
from longtail.stages.loading import load_recipe
from longtail.stages.planning import plan


def test_the_graph_as_a_tree():
    recipe = load_recipe("stage-training", bind=False)
    assert graph_lines(recipe) == [
        "model0  224 px, batch 256, 30 epochs",
        "├─ model2  320 px, batch 128, 30 epochs",
        "├─ model3  320 px, batch 128, 30 epochs; labels below AP 0.1 x2; judged by model2",
        "│  └─ model7  512 px, batch 48, 30 epochs; labels below AP 0.1 x2; judged by model2",
        "├─ model5  320 px, batch 128, 30 epochs; labels below AP 0.15 x2; judged by model2",
        "└─ model6  384 px, batch 80, 30 epochs; labels below AP 0.1 x2; judged by model2",
        "model1  224 px, batch 128, 30 epochs",
        "└─ model4  320 px, batch 128, 30 epochs; labels below AP 0.1 x2; judged by model2",
        "predicts: mean of model3, model5, model6, model7; tta identity, hflip; views frontal_replaces_lateral",
    ]


def test_what_would_be_reused_is_told():
    recipe = load_recipe("demo", bind=False)
    lines = graph_lines(recipe, plan(recipe, reused=lambda name: name == "represent"))
    assert lines[0].endswith("; finished, would be reused")
    assert "reused" not in lines[1]
    assert prediction_in_words(recipe).startswith("rebalance")


def test_views_are_told_as_on_the_command_line():
    recipe = load_recipe("baseline", ["predict.tta=[identity, {scale: {factor: 1.3393}}]"])
    assert prediction_in_words(recipe) == "main; tta identity, scale,factor=1.3393"


def test_the_svg_names_every_stage():
    recipe = load_recipe("stage-training", bind=False)
    root = ElementTree.fromstring(recipe_svg(recipe))
    text = " ".join(root.itertext())
    for name in [*recipe.stages, "predict"]:
        assert name in text
