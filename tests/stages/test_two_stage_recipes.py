"""The metric-learning paper's tables: every row binds, holds the paper's settings, and shares what it can."""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from longtail.stages.graph import order_of, parents_of
from longtail.stages.identity import stage_identity
from longtail.stages.loading import load_recipe
from longtail.stages.recipe import Recipe
from longtail.stages.shipped import find_recipe
from longtail.stages.table import RecipeTable, read_table, row_names
from longtail.stages.yaml_tree import read_tree

DOCS = Path(__file__).parents[2] / "docs"
TABLES = ("two-stage", "two-stage-backbones", "two-stage-scratch")
TABLE_2 = (
    "CE", "CE -> cRW", "CE -> cRS", "CE-DRW", "RS", "RW", "LDAM", "LDAM -> cRW", "LDAM-DRW", "Focal", "Focal -> cRW",
    "CB-Focal", "CB-Focal -> cRW", "Mixup", "Mixup -> cRW", "CutMix", "CutMix -> cRW", "BBN", "CE+CT -> cRW",
    "CE+TP -> cRW", "CE+SC -> cRW",
)  # fmt: skip


@cache
def table(name: str) -> RecipeTable:
    path, _ = find_recipe(name)
    return read_table(read_tree(path), name)


def identities(recipe: Recipe) -> Mapping[str, str]:
    """Each stage's identity on some data."""
    found: dict[str, str] = {}
    for name in order_of(recipe):
        parents = {each: found[each] for each in parents_of(recipe, name)}
        found[name] = stage_identity(recipe, name, seed=0, data="rows", parents=parents)
    return found


def test_the_papers_own_windows_as_the_manual_has_them() -> None:
    """224 of 300 pixels a side, in training and in prediction."""
    said = re.findall(r"'((?:defaults|predict)\.[^']+)'", (DOCS / "two-stage.md").read_text())
    recipe = load_recipe("two-stage:CE -> cRW", said)
    window = recipe.stages["ce"].augment[1]["random_resized_crop"]["scale"]
    assert [math.sqrt(area) for area in window] == pytest.approx([224 / 300] * 2, abs=1e-4)
    assert recipe.predict.tta[0]["scale"]["factor"] == pytest.approx(300 / 224, abs=1e-4)


@pytest.mark.parametrize("name", [f"{name}:{row}" for name in TABLES for row in row_names(table(name))])
def test_every_row_binds_for_real_and_for_smoke(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.task == "singlelabel"
    assert load_recipe(name, smoke=True).stages.keys() == recipe.stages.keys()


def test_table_2_is_whole_and_in_the_papers_order() -> None:
    rows = table("two-stage").rows
    assert list(rows)[: len(TABLE_2)] == list(TABLE_2)
    for row in TABLE_2:
        assert {name: len(numbers) for name, numbers in rows[row].paper.items()} == {
            "skin7": 4,
            "xray9": 4,
            "pathmnist-lt": 4,
        }


def test_the_papers_settings() -> None:
    recipe = load_recipe("two-stage:CE+TP -> cRW")
    first, second = recipe.stages["triplet"], recipe.stages["crw"]
    assert first.optimizer.settings == {"lr": 0.001, "momentum": 0.9, "weight_decay": 5e-4}
    assert first.schedule.settings == {"warmup_epochs": 5, "end_lr": 1e-6}
    assert (first.epochs, first.batch_size, first.image_size) == (100, 32, 224)
    assert first.loss is not None
    assert first.loss[1].settings == {"weight": 0.001, "margin": 50.0}
    assert (second.parent, second.train, second.epochs, second.class_weights) == ("triplet", "head", 10, "inverse")
    assert second.optimizer.settings["lr"] == 0.1
    assert second.cached_views == second.epochs  # as many augmented versions as epochs: none is seen twice
    supcon = load_recipe("two-stage:CE+SC -> cRW").stages["supcon"]
    assert supcon.loss is not None
    assert supcon.loss[1].settings == {"weight": 1.0, "temperature": 0.05}
    assert load_recipe("two-stage:CE+CT -> cRW").stages["center"].loss[1].settings == {"weight": 0.001}  # type: ignore[index]


def test_rows_share_the_stages_that_they_have_in_common() -> None:
    found = {row: identities(load_recipe(f"two-stage:{row}", bind=False)) for row in table("two-stage").rows}
    alike = [row for row in found if row == "CE" or row.startswith("CE ->")]
    assert len(alike) == 8
    assert {found[row]["ce"] for row in alike} == {found["CE"]["ce"]}
    assert found["CE+SC"]["supcon"] == found["CE+SC -> cRW"]["supcon"]
    assert found["Mixup"]["mixup"] == found["Mixup -> cRW"]["mixup"]
    heads = {found[row]["crw"] for row in found if "crw" in found[row]}
    assert len(heads) == sum("crw" in stages for stages in found.values())  # none starts from the same features
    every = {each for stages in found.values() for each in stages.values()}
    assert len(every) == len(table("two-stage").stages) - 1 + len(heads)


def test_backbone_rows_on_the_papers_own_one_are_those_of_table_2() -> None:
    for row in table("two-stage-backbones").rows:
        one = identities(load_recipe(f"two-stage-backbones:{row} @ resnet50", bind=False))
        assert one == identities(load_recipe(f"two-stage:{row}", bind=False))


def test_from_scratch_nothing_is_shared() -> None:
    one = identities(load_recipe("two-stage-scratch:CE", bind=False))
    assert one != identities(load_recipe("two-stage:CE", bind=False))
