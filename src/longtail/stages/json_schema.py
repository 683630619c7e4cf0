"""A JSON schema of recipes for editors: every key with its type and choices, every component with its settings.

An editor with YAML support then completes and checks a recipe as it is written:
`# yaml-language-server: $schema=recipe.schema.json`.
"""

import inspect
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from longtail.binding_values import settings_of
from longtail.registry import Entry, Registry
from longtail.stages.binding_parts import decision_names, registry_of
from longtail.stages.epochs import TIMES_OF_LOSSES
from longtail.stages.recipe import Recipe

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EPOCH = {"type": "object", "properties": {"epoch": {"type": "integer", "minimum": 0}}, "required": ["epoch"]}
_TIME = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {**_EPOCH, "additionalProperties": False}]}
_TERM = {"weight": {"type": "number", "minimum": 0}, "from": _TIME, "until": _TIME}
_OWN = {"type": "string", "pattern": r"\.", "description": "one's own, by dotted path: module.name"}
_DECISIONS = ("thresholds", "calibration")


def recipe_schema() -> dict[str, Any]:
    """The schema; `defaults` are a stage too, and component names are those that are registered now."""
    schema = Recipe.model_json_schema(by_alias=True)
    parts = schema["$defs"]
    stage, model, predict = (parts[name]["properties"] for name in ("Stage", "Model", "Predict"))
    for role in ("sampler", "optimizer", "schedule"):
        stage[role] = _component(role)
    loss = _component("loss", _TERM)
    stage["loss"] = {"anyOf": [*loss["anyOf"], {"type": "array", "items": loss}, {"type": "null"}]}
    stage["defer"] = {**_TIME, "default": 0.0}
    stage["augment"] = {"type": "array", "items": _of_registry(_augmentations())}
    stage["mix"] = _or_null(_of_registry(_mixes()))
    stage["kind"] = {"type": "string", "enum": _names("kind")}
    stage["rows"] = predict["ensemble"] = stage["add"] = _names_or_one()
    model["head"] = _component("head")
    predict["tta"] = {"type": "array", "items": _component("tta")}
    predict["merge"] = _component("merge")
    for role in ("views", "study"):
        predict[role] = _or_null(_component(role))
    for role in _DECISIONS:
        predict[role] = _or_null(_decision(role))
    schema["properties"]["defaults"] = {"$ref": "#/$defs/Stage"}
    return {"$schema": _DIALECT, **schema, "title": "longtail recipe"}


def _names_or_one() -> dict[str, Any]:
    return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*schema.get("anyOf", [schema]), {"type": "null"}]}


def _names(role: str) -> list[str]:
    registry = registry_of(role)
    return list(registry.load()) if registry else []


def _component(role: str, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    registry = registry_of(role)
    if registry is None:
        return {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
    return _of_registry(registry, extra)


def _decision(role: str) -> dict[str, Any]:
    """A name; or a mapping of one name to its settings."""
    names = list(decision_names(role))
    settings = {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": names}}
    return {"anyOf": [{"type": "string", "enum": names}, settings]}


def _of_registry(registry: Registry[Any], extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """A name; or a mapping of one name to its settings."""
    entries = registry.load()
    spellings = sorted(
        {*entries, *(name.replace("_", "-") for name in entries), *(n.replace("-", "_") for n in entries)}
    )
    with_settings = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {name: _settings(entry, extra or {}) for name, entry in entries.items()},
        "patternProperties": {r"\.": {"type": ["object", "null"]}},
    }
    return {"anyOf": [{"type": "string", "enum": spellings}, with_settings, _OWN], "description": registry.role}


def _settings(entry: Entry[Any], extra: dict[str, Any]) -> dict[str, Any]:
    function = entry.function
    hints = inspect.signature(function, eval_str=True).parameters
    properties = {
        name: _TIME if name in TIMES_OF_LOSSES else _property(hints[name].annotation) for name in settings_of(function)
    }
    return {
        "type": ["object", "null"],
        "description": entry.summary,
        "properties": {**properties, **extra},
        "additionalProperties": False,
    }


def _property(annotation: Any) -> dict[str, Any]:
    """What an annotation takes; anything, where JSON has no word for it."""
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True)).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError, NameError):
        return {}


def _augmentations() -> Registry[Any]:
    from longtail.augment import AUGMENTATIONS

    return AUGMENTATIONS


def _mixes() -> Registry[Any]:
    from longtail.augment import MIXES

    return MIXES
