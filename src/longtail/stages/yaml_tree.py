"""YAML as a tree that remembers where everything stands, so that a mistake is named by file, line and column.

Only data: no tags, no objects. Scalars are read as YAML 1.2 does it, since 1.1 (PyYAML's) reads `on` and `no` as
truth values and `1e-6` as text. Duplicate keys are refused: the later one would win in silence.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from longtail.errors import UserError

Steps = tuple[str | int, ...]
_MOST_NODES = 100_000  # aliases of aliases could grow without end
_DEEPEST = 60
_TAGS = ("!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")))

_TRUE, _FALSE, _NULL = ("true", "True", "TRUE"), ("false", "False", "FALSE"), ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ODD_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Place:
    """Where something stands: in a file, or in an override on the command line (which has no lines)."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}, column {self.column}"


@dataclass
class Node:
    """A value with its place: a mapping of nodes, a list of nodes, or a scalar; `key_place` is that of its key."""

    value: Any
    place: Place
    key_place: Place | None = None


def read_tree(path: Path) -> Node:
    """The tree of a YAML file; every mistake names its line. Each row of a table asks for the same tree: copy it to
    change it."""
    source = f"'{path}'"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is no text in UTF-8 (byte {error.start:,}); a recipe is a YAML file.") from error
    return _parsed_once(text, source)


@lru_cache(maxsize=8)
def _parsed_once(text: str, source: str) -> Node:
    return parse_tree(text, source)


def parse_tree(text: str, source: str) -> Node:
    """The tree of YAML text, `source` being what messages call it."""
    try:
        found = yaml.compose(text, Loader=_TextLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UserError(f"{_place(source, mark)}: {error.problem or error.context}; this is no valid YAML.") from error
    except yaml.reader.ReaderError as error:
        raise UserError(
            f"{source} has a character that YAML does not allow (number {error.position:,}, {error.character!a});"
            " a recipe is a YAML file."
        ) from error
    except RecursionError as error:
        raise UserError(f"{source} is nested too deeply; a recipe needs few levels.") from error
    if found is None:
        raise UserError(f"{source} is empty; a recipe starts with 'recipe: NAME' and has 'stages'.")
    return _Builder(source).build(found, 0)


def parse_value(text: str, source: str) -> Node:
    """A value as it stands behind `key=` on the command line: a YAML scalar, list or mapping."""
    node = parse_tree(text, source) if text.strip() else Node(None, Place(source))
    return placed(node, Place(source))


def placed(node: Node, place: Place) -> Node:
    """The same tree, all of it at one place."""
    return as_node(plain(node), place)


def as_node(value: Any, place: Place) -> Node:
    """Plain data as a tree, all of it at one place."""
    if isinstance(value, dict):
        return Node({str(key): as_node(inner, place) for key, inner in value.items()}, place, place)
    if isinstance(value, (list, tuple)):
        return Node([as_node(inner, place) for inner in value], place, place)
    return Node(value, place, place)


def plain(node: Node) -> Any:
    """The tree as plain dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(inner) for key, inner in node.value.items()}
    return [plain(inner) for inner in node.value] if isinstance(node.value, list) else node.value


def find(node: Node, path: Steps) -> tuple[Node, int]:
    """The node that `path` leads to, or the last one on the way that exists; and how many steps were taken."""
    for steps, key in enumerate(path):
        inner = None
        if isinstance(node.value, dict):
            inner = node.value.get(str(key))
        elif isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
            inner = node.value[key]
        if inner is None:
            return node, steps
        node = inner
    return node, len(path)


class _TextLoader(yaml.SafeLoader):
    """Composes without resolving scalars: `_scalar` does that, by the rules above."""

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 - as PyYAML declares it


class _Builder:
    """From PyYAML's nodes to ours."""

    def __init__(self, source: str) -> None:
        self.source, self.count = source, 0

    def build(self, node: yaml.Node, depth: int) -> Node:
        place = _place(self.source, node.start_mark)
        self.count += 1
        if depth > _DEEPEST or self.count > _MOST_NODES:
            raise UserError(f"{place}: the file is nested too deeply or refers to itself; write it out.")
        if node.tag not in _TAGS:
            raise UserError(f"{place}: the tag '{node.tag}' is not allowed; a recipe is plain data.")
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, depth), place)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.build(inner, depth + 1) for inner in node.value], place)
        text = str(node.value)
        return Node(scalar(text) if getattr(node, "style", None) is None else text, place)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            place = _place(self.source, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise UserError(f"{place}: a key is a list or a mapping; keys are names.")
            key = str(key_node.value)
            if key in found:
                raise UserError(
                    f"{place}: '{key}' stands here a second time (first at line {_line_of(found[key])}); keep one."
                )
            inner = self.build(value_node, depth + 1)
            found[key] = Node(inner.value, inner.place, place)
        return found


def scalar(text: str) -> Any:
    """An unquoted scalar by YAML 1.2's core rules: null, truth value, integer, number or text."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) or _ODD_NUMBER.fullmatch(text):
        return float(re.sub(r"\.(?=[in])", "", text.lower()))
    return text


def _line_of(node: Node) -> int | None:
    return (node.key_place or node.place).line


def _place(source: str, mark: Any) -> Place:
    return Place(source, mark.line + 1, mark.column + 1) if mark is not None else Place(source)
