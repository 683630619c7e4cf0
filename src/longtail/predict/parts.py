"""Parts of a prediction by name and settings, as they stand in YAML, in Python or on the command line.

`mean`; `{view_weights: {frontal: 7, lateral: 3}}` in a recipe; `view_weights,frontal=7,lateral=3` on the command line.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from longtail.binding import bind, parse_pairs
from longtail.errors import UserError, unknown_name
from longtail.registry import Registry


@dataclass(frozen=True)
class BoundPart:
    """A registered function with its settings, ready to be called; `said` is how it is recorded."""

    name: str
    function: Callable[..., Any]
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """The function's answer, with the settings."""
        return self.function(*arguments, **self.settings, **more)

    @property
    def said(self) -> Any:
        """The name, or `{name: settings}`: what a recipe would say."""
        return {self.name: dict(self.settings)} if self.settings else self.name


def bound(registry: Registry[Any], given: Any) -> BoundPart:
    """The part that `given` names: a text, a mapping of one name to settings, or an object with both."""
    if isinstance(given, BoundPart):
        return given
    if isinstance(given, str):
        return _from_text(registry, given)
    if isinstance(given, Mapping) and len(given) == 1:
        name, settings = next(iter(given.items()))
    elif hasattr(given, "name") and hasattr(given, "settings"):  # a recipe's component
        name, settings = given.name, given.settings
    else:
        raise UserError(f"{given!r} names no {registry.role}; write NAME or {{NAME: {{setting: value}}}}.")
    entry = registry.find(str(name))
    settings = dict(settings or {})
    for key in settings:
        if key not in (valid := _settings_of(entry.function)):
            raise unknown_name("setting", str(key), valid, f"the {registry.role} '{entry.name}'")
    return BoundPart(entry.name, entry.function, settings)


def _from_text(registry: Registry[Any], text: str) -> BoundPart:
    name, *pairs = [word.strip() for word in text.split(",")]
    entry = registry.find(name)
    settings = bind(entry.function, parse_pairs(pairs), f"the {registry.role} '{entry.name}'")
    return BoundPart(entry.name, entry.function, settings)


def _settings_of(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
