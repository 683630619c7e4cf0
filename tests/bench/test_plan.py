"""Which recipes a comparison trains, and what overrides of single stages change."""

import pytest

from longtail.bench.plan import check_paper, chosen_rival, plan_lines
from longtail.errors import UserError
from longtail.stages.shipped import shipped_recipes
from longtail.stages.table import is_table
from longtail.stages.yaml_tree import read_tree

ROWS = ["CE -> cRW", "CE"]


def test_rows_come_as_asked_and_others_stand_beside() -> None:
    table, lines = plan_lines("two-stage", rows=ROWS, also=["baseline"], overrides=["defaults.epochs=3"])
    assert [line.name for line in lines] == [*ROWS, "baseline"]
    assert [line.folder for line in lines] == ["CE-to-cRW", "CE", "baseline"]
    assert lines[0].recipe.stages["ce"].epochs == 3
    assert lines[0].recipe.stages["crw"].epochs == 10
    assert lines[0].group == "two stages"
    assert chosen_rival(table, lines, None) == "CE"
    assert chosen_rival(table, lines, "baseline") == "baseline"
    assert chosen_rival(table, lines[:1], None) is None


def test_an_override_of_a_stage_changes_the_rows_that_have_it() -> None:
    _, lines = plan_lines("two-stage", rows=ROWS, overrides=["stages.crw.epochs=2", "stages.*.batch_size=16"])
    assert lines[0].recipe.stages["crw"].epochs == 2
    assert set(lines[1].recipe.stages) == {"ce"}
    assert all(stage.batch_size == 16 for line in lines for stage in line.recipe.stages.values())


def test_one_row_of_a_table_alone() -> None:
    _, lines = plan_lines("two-stage-backbones:CE -> cRW @ densenet121")
    assert [line.recipe.model.backbone for line in lines] == ["densenet121"]
    assert lines[0].paper == {}  # what was published is MobileNetV2's


def test_published_numbers_of_a_backbone_stand_beside_its_own_rows_alone() -> None:
    rows = ["CE -> cRW @ resnet50", "CE -> cRW @ mobilenetv2"]
    table, lines = plan_lines("two-stage-backbones", rows=rows)
    assert [line.paper for line in lines] == [{}, {"mobilenetv2": [83.66, 83.51]}]
    check_paper(table, lines, "mobilenetv2")
    with pytest.raises(UserError, match="unknown data set 'mobilenetv2'.*Valid: none"):
        check_paper(table, lines[:1], "mobilenetv2")


def test_names_with_commas_are_put_together() -> None:
    text = "ViT-L@336, linear, study mean,ViT-L@336, linear,ViT-L@336, GLoRI, study mean"
    _, lines = plan_lines("foundation-ablation", rows=[name.strip() for name in text.split(",")])
    names = ["ViT-L@336, linear, study mean", "ViT-L@336, linear", "ViT-L@336, GLoRI, study mean"]
    assert [line.name for line in lines] == names
    assert lines[0].paper == {"map task 1": 0.2031, "map task 2": 0.2896}


@pytest.mark.parametrize("name", [name for name, path in shipped_recipes().items() if is_table(read_tree(path))])
def test_rows_of_a_shipped_table_can_be_compared(name: str) -> None:
    assert len(plan_lines(name)[1]) > 1


def test_mistakes() -> None:
    rows = ["ViT-L@336, linear", "ViT-L@336, linear, study mean"]
    with pytest.raises(UserError, match=r"predicts studies and .* images.*predict.keep_images=true"):
        plan_lines("foundation-ablation", rows=rows, overrides=["predict.keep_images=false"])
    with pytest.raises(UserError, match="unknown stage 'crv'"):
        plan_lines("two-stage", rows=ROWS, overrides=["stages.crv.epochs=2"])
    with pytest.raises(UserError, match="unknown row 'ce'"):
        plan_lines("two-stage", rows=["ce"])
    with pytest.raises(UserError, match="not a table"):
        plan_lines("baseline")
    with pytest.raises(UserError, match="--against"):
        chosen_rival(*plan_lines("two-stage", rows=ROWS), "RS")
    with pytest.raises(UserError, match=r"unknown data set 'skin' in the published numbers.*Valid: .*skin7"):
        check_paper(*plan_lines("two-stage", rows=ROWS), "skin")
    check_paper(*plan_lines("two-stage", rows=ROWS), "skin7")
