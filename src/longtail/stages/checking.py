"""From plain data to a checked `Recipe` (or table of variants), pydantic's findings told as our sentences.

Pydantic tries every form that a key may have and reports all that failed; of those, the one a person meant is told:
an unknown key before a missing one, and once for each place.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import getitem
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from longtail.errors import listing, nearest
from longtail.stages.mistakes import RecipeError
from longtail.stages.recipe import Part
from longtail.stages.yaml_tree import Steps

M = TypeVar("M", bound=BaseModel)
_WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of settings",
}
_OF_WORDS = ("literal_error", "string_type")
_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def checked(kind: type[M], data: Any) -> M:
    """`data` as a `kind`; raises the mistakes as `SeveralError`."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise SeveralError(_told(kind, data, error)) from error


class SeveralError(RecipeError):
    """Several mistakes at once."""

    def __init__(self, each: Sequence[RecipeError]) -> None:
        super().__init__(each[0].path, each[0].sentence)
        self.each = tuple(each)

    def __str__(self) -> str:
        return "\n".join(map(str, self.each))


def _told(kind: type[BaseModel], data: Any, error: ValidationError) -> list[RecipeError]:
    by_place: dict[Steps, list[dict[str, Any]]] = {}
    for found in error.errors(include_url=False):
        path = _path_in(data, found["loc"])
        holder = path[:-1] if found["type"] == "extra_forbidden" else path
        by_place.setdefault(holder, []).append({**found, "path": path})
    by_place = {path: found for path, found in by_place.items() if not _is_other_form(data, path, found, by_place)}
    outer = [path for path in by_place if not any(other != path and path[: len(other)] == other for other in by_place)]
    inner = [path for path in by_place if path not in outer and not _is_explained(path, by_place)]
    told = [sentence for path in (*outer, *inner) for sentence in _at_one_place(kind, data, path, by_place[path])]
    return told or [RecipeError((), "this is no recipe.")]


def _is_other_form(
    data: Any, path: Steps, found: list[dict[str, Any]], by_place: Mapping[Steps, list[dict[str, Any]]]
) -> bool:
    """Whether a mapping was only compared with words, and mistakes within it are told."""
    words = all(each["type"] in _OF_WORDS for each in found)
    within = any(len(other) > len(path) and other[: len(path)] == path for other in by_place)
    return words and within and isinstance(_value(data, path), dict)


def _is_explained(path: Steps, by_place: Mapping[Steps, list[dict[str, Any]]]) -> bool:
    """Whether a place further out already reports a value of the wrong form, of which this would be a detail."""
    return any(
        other != path and path[: len(other)] == other and not any(e["type"] == "extra_forbidden" for e in found)
        for other, found in by_place.items()
    )


def _at_one_place(kind: type[BaseModel], data: Any, path: Steps, found: list[dict[str, Any]]) -> list[RecipeError]:
    unknown = [each for each in found if each["type"] == "extra_forbidden"]
    if unknown:
        return [RecipeError(each["path"], _unknown_key(kind, each["path"])) for each in unknown]
    missing = [each for each in found if each["type"] == "missing"]
    if missing:
        names = sorted({str(each["loc"][-1]) for each in missing})
        return [RecipeError(path, f"needs {listing(names)}; add it.")]
    return [RecipeError(path, _wrong_value(_value(data, path), found))]


def _path_in(data: Any, loc: tuple[str | int, ...]) -> Steps:
    """The parts of pydantic's location that are keys of the data; the rest are names of forms that it tried."""
    path: list[str | int] = []
    for part in loc:
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        ):
            path.append(part)
            data = data[part]  # type: ignore[index]
    return tuple(path)


def _value(data: Any, path: Steps) -> Any:
    return reduce(getitem, path, data)


def _unknown_key(kind: type[BaseModel], path: Steps) -> str:
    section = _section(kind, path[:-1])
    valid = sorted(keys_of(section)) if section else []
    guess = nearest(str(path[-1]), valid)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"unknown key.{hint} Valid: {listing(valid, 60)}."


def keys_of(section: type[BaseModel]) -> list[str]:
    """The keys of a section as they are written in YAML."""
    return [field.alias or name for name, field in section.model_fields.items()]


def _section(kind: Any, path: Steps) -> type[BaseModel] | None:
    """The model that stands at `path` below `kind`."""
    for part in path:
        kind = _below(kind, part)
    return _model_in(kind)


def _below(kind: Any, part: str | int) -> Any:
    if (model := _model_in(kind)) is not None:
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
    for each in (kind, *get_args(kind)):
        if get_origin(each) in (dict, list):
            return get_args(each)[-1]
    return None


def _model_in(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind
    if get_origin(kind) in (dict, list):
        return None
    return next((found for each in get_args(kind) if (found := _model_in(each)) is not None), None)


def _wrong_value(value: Any, found: list[dict[str, Any]]) -> str:
    own = [each["msg"].removeprefix("Value error, ") for each in found if each["type"] == "value_error"]
    if own:
        return f"{own[0]}."
    words = list(dict.fromkeys(_wanted(each) for each in found))
    options = [option for each in words for option in each.split(" | ")]
    guess = nearest(value, [option.strip("'") for option in options]) if isinstance(value, str) else None
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"{_shown(value)} does not fit; write {' or '.join(options)}.{hint}"


def _wanted(each: dict[str, Any]) -> str:
    """What pydantic would have taken, in words."""
    kind, context = each["type"], each.get("ctx", {})
    if kind == "literal_error":
        return str(context["expected"]).replace("', '", "' | '").replace("' or '", "' | '").replace(", ", " | ")
    for limit, words in _LIMITS.items():
        if limit in context:
            return f"a number {words} {context[limit]}"
    return _WORDS.get(kind) or str(each["msg"])


def _shown(value: Any) -> str:
    text = "true" if value is True else "false" if value is False else "nothing" if value is None else str(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"'{text}'" if isinstance(value, (str, dict, list)) else text
