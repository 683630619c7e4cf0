"""Every shipped recipe, and every row of every shipped table, loads whole and tiny, and says what it is for."""

from pathlib import Path

import pytest
from made_recipes import every_recipe

from longtail.stages.loading import load_recipe
from longtail.stages.shipped import find_recipe, group_of, shipped_recipes
from longtail.stages.yaml_tree import read_tree


@pytest.mark.parametrize("name", every_recipe())
def test_it_can_be_carried_out(name: str) -> None:
    for smoke in (False, True):
        assert load_recipe(name, smoke=smoke).about


@pytest.mark.parametrize("path", shipped_recipes().values(), ids=lambda path: path.stem)
def test_it_tells_its_story(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    name = read_tree(path).value
    assert (name["table"] if "table" in name else name["recipe"]).value == path.stem


def test_names_files_and_rows(in_tmp: Path) -> None:
    (in_tmp / "a:b.yaml").write_text("recipe: x")
    assert find_recipe("a:b.yaml") == (Path("a:b.yaml"), None)
    assert find_recipe("a:b.yaml:CE -> x: y") == (Path("a:b.yaml"), "CE -> x: y")
    path, row = find_recipe("stage-training")
    assert (path.name, row, group_of(path)) == ("stage-training.yaml", None, "stage-training")
