"""Recipes as YAML text, such that reading it again gives the same: the counterpart of `yaml_tree.py`."""

from typing import Any

import yaml

from longtail.stages.component import NamedPart, as_yaml
from longtail.stages.yaml_tree import scalar

_SHORT = 100  # a value that fits so many columns stands on one line


def yaml_text(value: Any) -> str:
    """Plain data as YAML; small lists and mappings on one line, as a person writes them."""
    return str(yaml.dump(_shortened(value), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True))


class _Dumper(yaml.SafeDumper):
    """Quotes what `yaml_tree.scalar` would read as something else than text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - as PyYAML declares it

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


class _Inline(dict[str, Any]):
    """A mapping on one line."""


class _Row(list[Any]):
    """A list on one line."""


def _shortened(value: Any) -> Any:
    if isinstance(value, NamedPart):
        return _shortened(as_yaml(value))
    if isinstance(value, dict):
        inner = {str(key): _shortened(each) for key, each in value.items()}
        return _Inline(inner) if _is_short(value) else inner
    if isinstance(value, (list, tuple)):
        row = [_shortened(each) for each in value]
        return _Row(row) if _is_short(list(value)) or _depth(value) == 1 else row
    return value


def _is_short(value: Any) -> bool:
    return len(str(value)) <= _SHORT and _depth(value) <= 3


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(each) for each in value.values()), default=0)
    return 1 + max((_depth(each) for each in value), default=0) if isinstance(value, (list, tuple)) else 0


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    quoted = None if isinstance(scalar(value), str) else "'"
    style = "|" if "\n" in value else quoted
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _plain_scalar(dumper: yaml.SafeDumper, value: Any) -> yaml.Node:
    text = {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else ""
    text = text or (_float(value) if isinstance(value, float) else str(value))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


def _float(value: float) -> str:
    text = repr(value)
    return f".{text}" if text in ("inf", "nan") else "-.inf" if text == "-inf" else text


_Dumper.add_representer(str, _text)
for _kind in (bool, int, float, type(None)):
    _Dumper.add_representer(_kind, _plain_scalar)
_Dumper.add_representer(
    _Inline, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)
)
_Dumper.add_representer(
    _Row, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)
