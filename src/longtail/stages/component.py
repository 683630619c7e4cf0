"""A component in a recipe: a name, or a name with settings, as `bce` or `{ldam: {max_margin: 0.5}}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema


@dataclass(frozen=True)
class NamedPart:
    """A part's name and its keyword arguments; which are valid is known to the registry of its role."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)


def component(value: Any) -> NamedPart:
    """From what stands in YAML."""
    if isinstance(value, NamedPart):
        return value
    if isinstance(value, str):
        return NamedPart(value)
    if isinstance(value, Mapping) and len(value) == 1:
        name, settings = next(iter(value.items()))
        if isinstance(name, str) and (settings is None or isinstance(settings, Mapping)):
            return NamedPart(name, dict(settings or {}))
    raise ValueError(f"'{value}' is no component; write NAME, or {{NAME: {{setting: value}}}}")


def as_yaml(part: NamedPart) -> Any:
    """How it is written in a recipe."""
    return {part.name: part.settings} if part.settings else part.name


_JSON_SCHEMA = {
    "oneOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": ["object", "null"]},
        },
    ]
}
Component = Annotated[NamedPart, PlainValidator(component), PlainSerializer(as_yaml), WithJsonSchema(_JSON_SCHEMA)]
