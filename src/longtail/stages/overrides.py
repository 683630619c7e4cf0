"""`key=value`: any setting of a recipe by its dotted path, written into the tree before it is checked.

`stages.rough.epochs=3`, `stages.*.image_size=64`, `defaults.optimizer.adamw.lr=1e-4`. A component that is only a name
opens by itself (`loss.focal.gamma=1` where the recipe says `loss: focal`), and one in a list is found by its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from longtail.errors import UserError, listing, nearest, unknown_name
from longtail.stages.yaml_tree import Node, Place, as_node, parse_value

Override = tuple[str, Node]  # a dotted path, and the value to put there


def parse_overrides(texts: Iterable[str]) -> list[Override]:
    """`["stages.a.epochs=3"]`, each value as YAML."""
    found = []
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise UserError(f"'{text}' is no override; write key=value, such as stages.NAME.epochs=3.")
        found.append((key.strip(), parse_value(value, f"override '{text}'")))
    return found


def overrides_from(settings: Mapping[str, Any], place: Place) -> list[Override]:
    """Overrides that stand in a recipe (`smoke`) or a table, as `{dotted.path: value}`."""
    return [(key, as_node(value, place)) for key, value in settings.items()]


def apply_overrides(tree: Node, overrides: Iterable[Override]) -> None:
    """Write each value into the tree; `*` is every entry of a mapping that has some."""
    for key, value in overrides:
        _require_stage(tree, key)
        _put(tree, key.split("."), value, key)


def _require_stage(tree: Node, key: str) -> None:
    """A setting of a stage that is not there is a typo; a whole new stage is `stages.NAME={...}`."""
    parts = key.split(".")
    stages = tree.value.get("stages") if isinstance(tree.value, dict) else None
    if stages is None or not isinstance(stages.value, dict) or parts[0] != "stages" or len(parts) < 3:
        return
    if not any(key.startswith(f"stages.{name}.") for name in ("*", *stages.value)):
        raise unknown_name("stage", parts[1], stages.value, f"override '{key}'")


def _put(node: Node, parts: list[str], value: Node, key: str) -> None:
    head = parts[0]
    if head == "*" and isinstance(node.value, dict):
        for name in list(node.value):
            _put(node, [name, *parts[1:]], value, key)
        return
    entry, taken = _entry(node, parts, key, value.place)
    if taken == len(parts):
        own = deepcopy(value.value)  # `*` puts it into several stages
        entry.value, entry.place, entry.key_place = own, value.place, value.place
    else:
        _put(entry, parts[taken:], value, key)


def _entry(node: Node, parts: list[str], key: str, place: Place) -> tuple[Node, int]:
    """The node that the first parts name (made where a mapping lacks it), and how many parts that took."""
    if node.value is None:
        node.value = {}
    if isinstance(node.value, str):
        _open(node, parts, key, place)
    if isinstance(node.value, dict):
        for taken in range(len(parts), 0, -1):  # a key may itself hold dots
            if (name := ".".join(parts[:taken])) in node.value:
                return node.value[name], taken
        node.value[parts[0]] = Node(None, place, place)
        return node.value[parts[0]], 1
    if isinstance(node.value, list):
        return _element(node.value, parts, key), _words_of_element(node.value, parts)
    raise UserError(f"override '{key}': '{node.value}' has no settings of its own; set it with key=value.")


def _open(node: Node, parts: list[str], key: str, place: Place) -> None:
    """`bce` as `{bce: {}}`, where the path goes on with `bce`."""
    names = [".".join(parts[:taken]) for taken in range(1, len(parts) + 1)]
    if node.value not in names:
        raise UserError(
            f"override '{key}': the recipe says '{node.value}' there, which has no '{parts[0]}'; write"
            f" {key.removesuffix('.' + '.'.join(parts)) or key}={{{parts[0]}: {{...}}}} to replace it, or"
            f" '{node.value}' in place of '{parts[0]}' for its settings."
        )
    node.value = {node.value: Node({}, node.place, place)}


def _names(elements: list[Node]) -> Iterator[tuple[str, Node]]:
    """The elements of a list by number and, where they are components, by name."""
    for number, element in enumerate(elements):
        yield str(number), element
        if isinstance(element.value, str):
            yield element.value, element
        elif isinstance(element.value, dict) and len(element.value) == 1:
            yield next(iter(element.value)), element


def _found(elements: list[Node], parts: list[str]) -> tuple[str, Node] | None:
    names = dict(reversed(list(_names(elements))))  # the first of two alike
    for taken in range(len(parts), 0, -1):
        if (name := ".".join(parts[:taken])) in names:
            return name, names[name]
    return None


def _element(elements: list[Node], parts: list[str], key: str) -> Node:
    if (found := _found(elements, parts)) is None:
        valid = [name for name, _ in _names(elements)]
        guess = nearest(parts[0], valid)
        hint = f" Did you mean '{guess}'?" if guess else ""
        raise UserError(f"override '{key}': the list there has no '{parts[0]}'.{hint} Valid: {listing(valid)}.")
    return found[1]


def _words_of_element(elements: list[Node], parts: list[str]) -> int:
    """A number stands for the whole element; a component's name is also the key within it, unless it ends the path."""
    found = _found(elements, parts)
    assert found is not None
    words = found[0].count(".") + 1
    return words if found[0].isdigit() or words == len(parts) else 0
