"""Recipes read from files: what comes out, and what every mistake says."""

import copy
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from made_recipes import TWO_STAGES, every_recipe, written

from longtail.errors import UserError
from longtail.stages.loading import load_recipe, recipe_of_text, recipe_text
from longtail.stages.recipe import Recipe
from longtail.stages.shipped import shipped_recipes
from longtail.stages.yaml_text import yaml_text
from longtail.stages.yaml_tree import parse_tree, plain


def _load(tmp_path: Path, *overrides: str, bind: bool = False, **options: Any) -> Recipe:
    return load_recipe(written(tmp_path, TWO_STAGES), overrides, bind=bind, **options)


def test_defaults_are_part_of_each_stage_and_a_stages_own_replaces_them(tmp_path: Path) -> None:
    recipe = _load(tmp_path)
    assert recipe.defaults == {}
    rough, fine = recipe.stages.values()
    assert rough.epochs == fine.epochs == 3
    assert rough.optimizer.settings == {"lr": 1e-3, "weight_decay": 1e-6}
    assert [part.name for part in rough.loss or []] == ["bce"]
    assert [part.name for part in fine.loss or []] == ["bce", "asymmetric"]
    assert fine.parent == "rough"


def test_defaults_are_of_one_kind_of_stage(tmp_path: Path) -> None:
    text = (
        "recipe: x\ndefaults: {epochs: 2, loss: bce}\nstages:\n  a: {}\n  b: {kind: synthesize, method: lesion_paste}\n"
    )
    recipe = load_recipe(written(tmp_path, text), bind=False)
    assert (recipe.stages["a"].epochs, recipe.stages["b"].epochs) == (2, None)


def test_overrides_of_defaults_come_before_and_others_after(tmp_path: Path) -> None:
    recipe = _load(tmp_path, "stages.fine.optimizer.adamw.lr=0.5", "defaults.epochs=7", "stages.*.clip=1")
    assert [stage.epochs for stage in recipe.stages.values()] == [7, 7]
    assert recipe.stages["fine"].optimizer.settings == {"lr": 0.5, "weight_decay": 1e-6}
    assert recipe.stages["rough"].optimizer.settings["lr"] == 1e-3
    assert recipe.stages["rough"].clip == 1


def test_the_resolved_recipe_reads_the_same(tmp_path: Path) -> None:
    for recipe in [_load(tmp_path), *(load_recipe(name, bind=False) for name in every_recipe())]:
        for full in (False, True):
            text = recipe_text(recipe, full=full)
            assert recipe_of_text(text, bind=False) == recipe
            assert "\ndefaults:" not in f"\n{text}"


def test_a_weights_file_is_beside_the_recipe(tmp_path: Path) -> None:
    assert _load(tmp_path, "model.weights=w/a.safetensors").model.weights == str(tmp_path / "w" / "a.safetensors")
    assert _load(tmp_path, "model.weights=none").model.weights == "none"
    own = _load(tmp_path, "stages.fine.model.weights=b.safetensors").stages["fine"].model
    assert own["weights"] == str(tmp_path / "b.safetensors")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("stages.fine.kep=1", "stages.fine.kep: unknown key. Did you mean 'keep'? Valid: add, augment,"),
        ("stages.rough.epochs=x", "stages.rough.epochs: 'x' does not fit; write a whole number."),
        ("stages.rough.epochs=2.5", "2.5 does not fit; write a whole number."),
        ("stages.rough.epochs=true", "true does not fit; write a whole number."),
        ("stages.rough.epochs=-1", "-1 does not fit; write a number at least 0."),
        ("stages.fine.clip=0", "0 does not fit; write a number above 0"),
        ("stages.fine.keep={bset: map}", "stages.fine.keep.bset: unknown key. Did you mean 'best'?"),
        ("stages.fine.keep={direction: max}", "stages.fine.keep: needs best; add it."),
        ("stages.fine.keep=lst", "'lst' does not fit; write a mapping of settings or 'last'. Did you mean 'last'?"),
        ("stages.fine.precision=fp61", "write 'auto' or 'fp32' or 'bf16' or 'fp16'. Did you mean 'fp16'?"),
        ("stages.fine.train={layer: [a]}", "stages.fine.train.layer: unknown key. Did you mean 'layers'?"),
        ("stages.fine.loss={a: 1, b: 2}", "is no component; write NAME, or {NAME: {setting: value}}."),
        ("stages.fine.drop_classes=tial", "Did you mean 'tail'?"),
        ("stages.fine.augment=hflip", "'hflip' does not fit; write a list."),
        ("stages.fine.model=3", "3 does not fit; write a mapping"),
        ("stages=3", "stages: 3 does not fit; write a mapping"),
        ("modl=3", "modl: unknown key. Did you mean 'model'?"),
        ("recipe=3", "recipe: 3 does not fit; write text."),
        ("task=multi-label", "Did you mean 'multilabel'?"),
    ],
)
def test_a_mistake_names_its_key_and_what_is_valid(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        _load(tmp_path, override)
    assert message in str(error.value)
    assert str(error.value).startswith(f"override '{override}': ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from: rough", "form: rough", "line 11, column 5: stages.fine.form: unknown key. Did you mean 'from'?"),
        ("image_size: 224", "image_size: big", "line 9, column 11: stages.rough.image_size: 'big' does not fit"),
        ("epochs: 3", "epoch: 3", "line 5, column 3: stages.rough.epoch: unknown key. Did you mean 'epochs'?"),
        ("best: map", "bets: map", "line 14, column 12: stages.fine.keep.bets: unknown key."),
        ("recipe: two", "about: two", "'r.yaml': needs recipe; add it."),
        (
            "from: rough",
            "from: ruogh",
            "line 11, column 5: stages.fine.from: there is no stage 'ruogh'. Did you mean 'rough'?",
        ),
    ],
)
def test_a_mistake_names_file_line_and_column(in_tmp: Path, old: str, new: str, message: str) -> None:
    assert old in TWO_STAGES
    path = Path(written(in_tmp, TWO_STAGES.replace(old, new)).name)
    with pytest.raises(UserError) as error:
        load_recipe(path, bind=False)
    assert message in str(error.value)
    assert str(error.value).startswith("'r.yaml'")
    assert "\n" not in str(error.value)


def test_several_mistakes_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = TWO_STAGES.replace("image_size: 224", "image_size: x").replace("best: map", "bst: map")
    with pytest.raises(UserError) as error:
        load_recipe(written(tmp_path, text), bind=False)
    first, second = str(error.value).splitlines()
    assert "line 9" in first
    assert "line 14" in second


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("demoo", "unknown recipe 'demoo'. Did you mean 'demo'? Valid: a YAML file, or one of"),
        ("nowhere.yaml", "there is no recipe file 'nowhere.yaml'"),
        ("demo:CE", "is one recipe, not a table of variants; leave out ':CE'"),
        ("x" * 5000, "unknown recipe"),
        ("a\0b", "unknown recipe"),
    ],
)
def test_a_recipe_that_is_not_there(in_tmp: Path, name: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        load_recipe(name, bind=False)
    assert message in str(error.value)
    assert in_tmp.is_dir()


def test_smoke_is_tiny_and_the_recipes_own_smoke_comes_last(tmp_path: Path) -> None:
    text = TWO_STAGES + "smoke: {stages.*.batch_size: 3}\n"
    recipe = load_recipe(written(tmp_path, text), ["stages.fine.steps=9"], smoke=True, bind=False)
    for stage in recipe.stages.values():
        assert (stage.image_size, stage.batch_size, stage.epochs) == (64, 3, None)
    assert [stage.steps for stage in recipe.stages.values()] == [3, 9]
    assert recipe.model.weights == "none"


def test_reading_imports_no_torch() -> None:
    code = (
        "import sys; from longtail.stages.loading import load_recipe; load_recipe('stage-training', bind=False);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _mutated(data: Any, draw: random.Random) -> Any:
    """The data with one value, key or branch changed, somewhere."""
    odd = [None, True, -1, 1e300, "", "x", [], {}, [None], {"a": {"b": []}}, "bce", {"bce": 3}, 0.5, [[1]]]
    if isinstance(data, dict) and data and draw.random() < 0.8:
        key = draw.choice(list(data))
        made = copy.deepcopy(data)
        choice = draw.random()
        if choice < 0.15:
            del made[key]
        elif choice < 0.3:
            made[draw.choice(["epochs", "from", "loss", "x.y", key[:-1] or "q"])] = made.pop(key)
        else:
            made[key] = _mutated(made[key], draw)
        return made
    if isinstance(data, list) and data and draw.random() < 0.8:
        place = draw.randrange(len(data))
        return [_mutated(each, draw) if i == place else each for i, each in enumerate(data)]
    return draw.choice(odd)


@pytest.mark.parametrize("name", ["demo", "stage-training"])
def test_mutated_recipes_are_read_or_refused_in_words(name: str) -> None:
    whole = plain(parse_tree(shipped_recipes()[name].read_text(encoding="utf-8"), "x"))
    draw = random.Random(name)
    read = 0
    for i in range(120):
        data = _mutated(_mutated(whole, draw), draw)
        with suppress(UserError):  # anything else fails the test
            recipe_of_text(yaml_text(data), bind=i % 2 == 0, smoke=i % 3 == 0)
            read += 1
    assert 0 < read < 80
