import pytest
from made_recipes import TABLE, written

from longtail.errors import UserError
from longtail.stages.loading import load_recipe
from longtail.stages.table import read_table, row_names, row_tree
from longtail.stages.yaml_tree import parse_tree, plain, read_tree


def _row(tmp_path, name, text=TABLE, **options):
    return load_recipe(f"{written(tmp_path, text)}:{name}", bind=False, **options)


def test_a_row_is_a_stage_or_a_chain(tmp_path):
    alone = _row(tmp_path, "CE")
    assert alone.recipe == "two-stage: CE"
    assert list(alone.stages) == ["ce"]
    assert alone.stages["ce"].epochs == 8
    chain = _row(tmp_path, "CE -> cRW")
    assert [(name, stage.parent) for name, stage in chain.stages.items()] == [("ce", None), ("crw", "ce")]
    assert chain.stages["ce"] == alone.stages["ce"]  # so that it is trained once
    assert (chain.stages["crw"].epochs, chain.stages["crw"].train) == (2, "head")
    assert chain.task == "singlelabel"


def test_a_row_changes_a_stage_and_the_recipe(tmp_path):
    recipe = _row(tmp_path, "Focal -> cRW")
    assert recipe.stages["crw"].epochs == 5
    assert recipe.stages["crw"].class_weights == "inverse"
    assert recipe.model.head.name == "cosine"


def test_overrides_and_smoke_work_on_rows(tmp_path):
    recipe = _row(tmp_path, "CE -> cRW", overrides=["stages.crw.clip=1"], smoke=True)
    assert recipe.stages["crw"].clip == 1
    assert recipe.stages["ce"].image_size == 64


def test_a_row_may_be_a_graph_of_its_own(tmp_path):
    text = TABLE + "  both:\n    stages: {ce: {}, crw: {from: ce}, more: {from: ce, epochs: 1}}\n"
    text += "    set: {predict.ensemble: [crw, more]}\n"
    recipe = _row(tmp_path, "both", text)
    assert {name: stage.parent for name, stage in recipe.stages.items()} == {"ce": None, "crw": "ce", "more": "ce"}
    assert recipe.stages["crw"].train == "head"
    assert recipe.predict.ensemble == ["crw", "more"]


def test_across_takes_each_row_once_for_each_setting(tmp_path):
    text = TABLE + "across: {resnet50: {model.backbone: resnet50}, b121: {model.backbone: densenet121}}\n"
    table = read_table(parse_tree(text, "x"), "x")
    assert row_names(table)[:2] == ["CE @ resnet50", "CE -> cRW @ resnet50"]
    assert len(row_names(table)) == 6
    assert _row(tmp_path, "CE @ b121", text).model.backbone == "densenet121"


@pytest.mark.parametrize(
    ("old", "new", "row", "message"),
    [
        ("CE: ce", "CE: cee", "CE", "line 8, column 3: rows.CE.stages.0: there is no stage 'cee' in this table."),
        ("CE: ce", "CE: ce", "CE -> cRV", "has no row 'CE -> cRV'. Did you mean 'CE -> cRW'? Rows: CE,"),
        ("[ce, crw]", "[ce, ce]", "CE", "names a stage twice"),
        ("[ce, crw]", "[]", "CE", "has no stage"),
        ("[ce, crw]", "[ce, 3]", "CE", "write the name of a stage"),
        ("group: two", "groop: two", "CE", "rows.Focal -> cRW.groop: unknown key. Did you mean 'group'?"),
        ("table: two-stage", "table: two-stage\nagainst: XE", "CE", "against: there is no row 'XE'"),
        ("train: head", "train: haed", "CE -> cRW", "line 6, column 9: stages.crw.train: 'haed' does not fit"),
        ("epochs: 5", "epochs: five", "Focal -> cRW", "line 11, column 28: stages.crw.epochs: 'five' does not fit"),
        ("base: {task", "base: {tsk", "CE", "line 2, column 8: tsk: unknown key. Did you mean 'task'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_table_names_its_line(tmp_path, old, new, row, message):
    assert old in TABLE
    with pytest.raises(UserError) as error:
        _row(tmp_path, row, TABLE.replace(old, new))
    assert message in str(error.value)


def test_a_table_without_a_row_says_which_there_are(tmp_path):
    with pytest.raises(UserError) as error:
        load_recipe(written(tmp_path, TABLE), bind=False)
    assert "is a table of 3 recipes; name one behind a colon, such as 'two-stage:CE'" in str(error.value)


def test_a_row_is_read_from_a_tree_that_stays_as_it_was(tmp_path):
    """Trees are kept between rows, so none may change: a link adds `from` to stages and reads the next row alike."""
    path = tmp_path / "t.yaml"
    path.write_text(
        "table: t\nstages:\n  a: {epochs: 1}\n  b:\nrows:\n  one: [a, {b: {epochs: 2}}]\n  two: [{b: {}}]\n"
    )
    tree = read_tree(path)
    assert read_tree(path) is tree
    before = plain(tree)
    made = [plain(row_tree(tree, name, "'t.yaml'")) for name in ("one", "two", "one")]
    assert plain(tree) == before
    assert made[0] == made[2]
    assert made[0]["stages"]["b"] == {"epochs": 2, "from": "a"}
    assert "from" not in made[1]["stages"]["b"]
