"""Binding typed values, as YAML holds them, to a function's real parameters and annotations.

`longtail.binding` does so for texts of the command line. Lists become tuples where the annotation is one; a whole
number may stand for a number; nothing else is converted.
"""

import inspect
import math
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from longtail.errors import UserError, unknown_name

_NUMBERS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


class _Unfit(Exception):  # noqa: N818 - a signal within this file
    """A value that an annotation does not take."""


def bind_values(
    function: Callable[..., Any], settings: Mapping[str, Any], what: str, *, context: Collection[str] = ()
) -> dict[str, Any]:
    """The keyword arguments of `function` from `settings`, checked and fitted to their annotations.

    Parameters named in `context`, and all positional ones, are filled in elsewhere: a required positional one that is
    not among `context` is refused. For a dataclass every field is a setting.
    """
    parameters = inspect.signature(function).parameters
    valid = settings_of(function)
    for key in settings:
        if key not in valid:
            raise unknown_name("setting", str(key), valid, what)
    _require_given(parameters, valid, settings, context, what)
    hints = _hints(function)
    return {key: fitted(value, hints.get(key, Any), f"'{key}' of {what}") for key, value in settings.items()}


def settings_of(function: Callable[..., Any]) -> list[str]:
    """The parameters that a recipe may set: the keyword-only ones, and all of a dataclass."""
    if is_dataclass(function):
        return [field.name for field in fields(function) if field.init]
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]


def fitted(value: Any, hint: Any, where: str) -> Any:
    """`value` as the annotation has it; the error says what it takes."""
    try:
        return _fit(value, hint)
    except _Unfit as error:
        if get_origin(hint) is Literal and isinstance(value, str):
            raise unknown_name("value", value, map(str, get_args(hint)), where) from error
        raise UserError(f"{where} is {_shown(value)}; write {in_words(hint)}.") from error


def in_words(hint: Any) -> str:
    """What an annotation takes, as a person would say it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin in (Union, types.UnionType):
        words = [in_words(each) for each in inner if _is_written(each)]
        return " or ".join(dict.fromkeys(words))
    if origin is tuple and ... not in inner:
        return f"a list of {len(inner)}: {', '.join(in_words(each) for each in inner)}"
    if origin in (list, tuple, Sequence):
        return f"a list (each {in_words(inner[0])})" if inner else "a list"
    if origin in (dict, Mapping):
        return "a mapping of names to values"
    return "null" if hint in (None, type(None)) else _NUMBERS.get(hint, getattr(hint, "__name__", str(hint)))


def _is_written(hint: Any) -> bool:
    """Whether YAML can hold such a value: a tensor it cannot."""
    return get_origin(hint) is not None or hint in _NUMBERS or hint in (None, type(None), Any)


def _fit(value: Any, hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or isinstance(hint, TypeVar) or hint is inspect.Parameter.empty:
        return value
    if origin is Literal:
        return _one_of(value, inner)
    if origin in (Union, types.UnionType):
        return _first_fit(value, inner)
    if origin in (list, tuple, Sequence) or hint in (list, tuple):
        return _listed(value, origin or hint, inner)
    if origin in (dict, Mapping) or hint is dict:
        return _mapped(value, inner)
    return _scalar(value, hint)


def _one_of(value: Any, choices: tuple[Any, ...]) -> Any:
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise _Unfit
    return value


def _first_fit(value: Any, hints: tuple[Any, ...]) -> Any:
    for hint in hints:
        try:
            return _fit(value, hint)
        except _Unfit:
            continue
    raise _Unfit


def _listed(value: Any, origin: Any, inner: tuple[Any, ...]) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _Unfit
    make = list if origin is list else tuple
    if origin is tuple and inner and ... not in inner:
        if len(value) != len(inner):
            raise _Unfit
        return make(_fit(each, hint) for each, hint in zip(value, inner, strict=True))
    return make(_fit(each, inner[0] if inner else Any) for each in value)


def _mapped(value: Any, inner: tuple[Any, ...]) -> Any:
    if not isinstance(value, Mapping):
        raise _Unfit
    return {key: _fit(each, inner[1] if inner else Any) for key, each in value.items()}


def _scalar(value: Any, hint: Any) -> Any:
    if hint in (None, type(None)):
        fine = value is None
    elif hint is bool:
        fine = isinstance(value, bool)
    elif hint in (int, float):
        fine = isinstance(value, (int, hint)) and not isinstance(value, bool) and not _is_nan(value)
    elif hint in (str, Path):
        fine = isinstance(value, str)
    else:
        raise _Unfit
    if not fine:
        raise _Unfit
    return float(value) if hint is float else Path(value) if hint is Path else value


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _require_given(
    parameters: Mapping[str, inspect.Parameter],
    valid: Collection[str],
    settings: Mapping[str, Any],
    context: Collection[str],
    what: str,
) -> None:
    for name, parameter in parameters.items():
        if parameter.default is not inspect.Parameter.empty or name in settings:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in valid and name not in context:
            raise UserError(f"{what} needs the setting '{name}'; write {{{name}: value}}.")
        if name not in valid and name not in context:
            raise UserError(
                f"{what} asks for '{name}', which a stage does not have; make it a keyword-only setting (after *)."
            )


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = function.__init__ if inspect.isclass(function) and not is_dataclass(function) else function
    try:
        return get_type_hints(target)
    except (NameError, TypeError):  # a user's own annotations may name what is not there at run time
        return {}


def _shown(value: Any) -> str:
    text = {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else None
    return text or (f"'{value}'" if isinstance(value, str) else str(value)[:80])
