"""Binding `key=value` texts to a function's real parameters and types, so that a typo dies at once."""

import inspect
import re
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from longtail.errors import UserError, unknown_name


def parse_pairs(texts: list[str]) -> dict[str, str]:
    """`["blank=negative"]` as a dict; the error shows the form."""
    pairs = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise UserError(f"'{text}' is no setting; write key=value.")
        pairs[key.strip()] = value.strip()
    return pairs


def bind(function: Callable[..., Any], pairs: Mapping[str, str], what: str) -> dict[str, Any]:
    """Keyword arguments for `function` from texts, converted to the annotated types (keyword-only parameters)."""
    hints = _hints(function)
    parameters = inspect.signature(function).parameters.values()
    valid = [p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    for key in pairs:
        if key not in valid:
            raise unknown_name("option", key, valid, what)
    return {key: _convert(value, hints.get(key, str), f"option '{key}' of {what}") for key, value in pairs.items()}


def options_of(function: Callable[..., Any]) -> list[str]:
    """The keyword-only parameters of `function` as they are written with their defaults, choices in brackets."""
    hints = _hints(function)
    return [
        f"{p.name}={_written(p.default)}"
        + (f" [{'|'.join(map(str, get_args(hints[p.name])))}]" if _is_choice(hints.get(p.name)) else "")
        for p in inspect.signature(function).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    ]


def signature_lines(function: Callable[..., Any]) -> list[str]:
    """The parameters of `function`, one a line, with types (without their modules) and defaults; `*` as in Python."""
    hints = _hints(function)
    lines: list[str] = []
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.KEYWORD_ONLY and "*" not in lines:
            lines.append("*")
        text = str(p.replace(annotation=hints.get(p.name, p.annotation)))
        lines.append(re.sub(r"(?:[A-Za-z_]\w*\.)+([A-Za-z_])", r"\1", text))
    return lines


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The types of a function's parameters, or of a class's constructor."""
    return get_type_hints(getattr(function, "__init__") if inspect.isclass(function) else function)  # noqa: B009


def _is_choice(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _written(default: Any) -> str:
    if default is inspect.Parameter.empty:
        return "..."
    if default is None or isinstance(default, bool):
        return str(default).lower()
    return ",".join(map(str, default)) if isinstance(default, (tuple, list)) else str(default)


def _convert(text: str, hint: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        if text not in get_args(hint):
            raise unknown_name("value", text, [str(v) for v in get_args(hint)], where)
        return text
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        return None if text.lower() in ("none", "null") else _convert(text, inner[0], where)
    if origin in (tuple, list):
        return origin(_convert(part.strip(), get_args(hint)[0], where) for part in text.split(",") if part.strip())
    if hint is bool:
        return _boolean(text, where)
    if hint in (int, float):
        return _number(text, hint, where)
    return Path(text) if hint is Path else text


def _boolean(text: str, where: str) -> bool:
    if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
        raise UserError(f"{where} is '{text}'; write true or false.")
    return text.lower() in ("true", "yes", "1")


def _number(text: str, kind: type[int] | type[float], where: str) -> float:
    try:
        return kind(text)
    except ValueError as error:
        raise UserError(f"{where} is '{text}'; write a{'n integer' if kind is int else ' number'}.") from error
