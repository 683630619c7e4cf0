import json
from typing import Any

import pytest

from longtail.losses import LOSSES
from longtail.stages.checking import keys_of
from longtail.stages.json_schema import recipe_schema
from longtail.stages.recipe import Stage


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return recipe_schema()


def _with_settings(component: dict[str, Any]) -> dict[str, Any]:
    return next(each["properties"] for each in component["anyOf"] if "properties" in each)


def test_it_is_json_with_every_key(schema: dict[str, Any]) -> None:
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["$defs"]["Stage"]["properties"]) == set(keys_of(Stage))
    assert schema["$defs"]["Stage"]["additionalProperties"] is False
    assert schema["required"] == ["recipe", "stages"]


def test_components_are_named_with_their_settings(schema: dict[str, Any]) -> None:
    stage = schema["$defs"]["Stage"]["properties"]
    assert set(_with_settings(stage["loss"])) == set(LOSSES.load())
    adamw = _with_settings(stage["optimizer"])["adamw"]["properties"]
    assert adamw["lr"] == {"type": "number"}
    assert "groups" not in adamw
    assert _with_settings(stage["augment"]["items"])["cutout"]["properties"]["holes"] == {"type": "integer"}
    bce = _with_settings(stage["loss"])["bce"]["properties"]
    assert bce["reduction"]["enum"] == ["mean", "sum", "none"]
    assert "weight" in bce
