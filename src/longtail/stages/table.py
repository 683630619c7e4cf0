"""A table of variants: one file in which every row is a whole recipe of one readable line.

`stages` is a shelf of stages by name. A row is a chain of them, `CE -> cRW: [ce, crw]`, in which each starts from the
one before; or a mapping, with `stages` (a chain, or a graph of its own), overrides (`set`), its `group` and the
`paper`'s numbers. `base` is what all rows share, such as the task, the model and the defaults. `across` takes each
row once for each of its settings (the backbones of a paper), as `TABLE:CE -> cRW @ densenet121`. Rows that have a
stage in common train it once, since a finished stage is known by what it does and not by its row.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from longtail.errors import UserError, listing, nearest
from longtail.stages.checking import SeveralError, checked
from longtail.stages.mistakes import RecipeError, in_words
from longtail.stages.overrides import apply_overrides, overrides_from
from longtail.stages.recipe import Part
from longtail.stages.yaml_tree import Node, Place, as_node, plain

ACROSS = " @ "
Settings = dict[str, Any]


def _chain_of(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _row(value: Any) -> Any:
    return {"stages": value} if isinstance(value, (str, list)) else value


class Row(Part):
    """A row: its stages, and what stands beside it in the table."""

    stages: Annotated[list[Any] | dict[str, Any], BeforeValidator(_chain_of)]  # a chain of names, or a graph
    set: Settings = Field(default={})  # overrides of the whole recipe by dotted path
    group: str = ""  # rows of one group stand together
    about: str = ""
    paper: dict[str, Any] = Field(default={})  # published numbers by column, to print beside one's own


class RecipeTable(Part):
    """A file of variants."""

    table: str
    about: str = ""
    base: Settings = Field(default={})  # a recipe without stages
    stages: dict[str, Settings | None] = Field(default={})
    rows: dict[str, Annotated[Row, BeforeValidator(_row)]]
    across: dict[str, Settings] = Field(default={})  # {name: overrides}: each row once with each
    against: str | None = None  # the row that others are compared with


def is_table(tree: Node) -> bool:
    """Whether a file is a table of variants, and not one recipe."""
    return isinstance(tree.value, dict) and "table" in tree.value and "recipe" not in tree.value


def read_table(tree: Node, source: str) -> RecipeTable:
    """The table, checked; its rows' recipes are checked when they are made."""
    try:
        table = checked(RecipeTable, plain(tree))
        _check_names(table)
    except SeveralError as error:
        raise in_words(error.each, tree, source) from error
    except RecipeError as error:
        raise in_words([error], tree, source) from error
    return table


def row_names(table: RecipeTable) -> list[str]:
    """Every row that can be asked for; with `across`, `ROW @ SETTING`."""
    if not table.across:
        return list(table.rows)
    return [f"{row}{ACROSS}{setting}" for setting in table.across for row in table.rows]


def row_tree(tree: Node, name: str | None, source: str) -> Node:
    """The recipe of one row, as a tree whose parts still know their lines."""
    table = read_table(tree, source)
    if name is None or name not in row_names(table):
        raise _unknown_row(table, name, source)
    row_name, _, setting = name.partition(ACROSS) if table.across else (name, "", "")
    row = table.rows[row_name]
    made: Node = deepcopy(tree.value["base"]) if "base" in tree.value else as_node({}, tree.place)
    row_node = tree.value["rows"].value[row_name]
    made.value["recipe"] = as_node(f"{table.table}: {name}", row_node.place)
    if about := row.about or table.about:
        made.value["about"] = as_node(about, row_node.place)
    made.value["stages"] = _stages(tree, row_node)
    apply_overrides(made, overrides_from(row.set, row_node.place))
    apply_overrides(made, overrides_from(table.across.get(setting, {}), tree.place))
    return made


def _stages(tree: Node, row: Node) -> Node:
    """The row's stages: a chain's from the shelf, each from the one before; or those of a graph as they are."""
    said = row.value["stages"] if isinstance(row.value, dict) else row
    if isinstance(said.value, dict):
        return Node({name: _from_shelf(tree, name, node) for name, node in said.value.items()}, said.place)
    links = said.value if isinstance(said.value, list) else [said]
    found: dict[str, Node] = {}
    for link in links:
        name, changes = next(iter(link.value.items())) if isinstance(link.value, dict) else (link.value, None)
        stage = _from_shelf(tree, name, changes)
        if found and isinstance(stage.value, dict) and "from" not in stage.value:
            stage.value["from"] = as_node(next(reversed(found)), link.place)
        found[name] = stage
    return Node(found, said.place)


def _from_shelf(tree: Node, name: str, changes: Node | None) -> Node:
    """A stage of the shelf with changes of its own keys; a stage that the shelf lacks is all changes."""
    shelf = tree.value["stages"].value if "stages" in tree.value else {}
    kept = shelf.get(name)
    changed = {} if changes is None or changes.value is None else changes.value
    if kept is None or kept.value is None or not isinstance(changed, dict):
        return Node(deepcopy(changed), changes.place if changes else tree.place, changes.key_place if changes else None)
    whole: Node = deepcopy(kept)
    whole.value = {**whole.value, **deepcopy(changed)}
    return whole


def _check_names(table: RecipeTable) -> None:
    for name, row in table.rows.items():
        for path, stage in _named_stages(row):
            where = ("rows", name, *path)
            if not isinstance(stage, str):
                raise RecipeError(where, "write the name of a stage, or {NAME: {key: value}} to change some of it.")
            if stage not in table.stages and isinstance(row.stages, list):
                raise RecipeError(where, _unknown("stage", stage, table.stages))
        if isinstance(row.stages, list) and len(set(_chain(row))) < len(row.stages):
            raise RecipeError(("rows", name), "names a stage twice; give the second one a name of its own in stages.")
        if not row.stages:
            raise RecipeError(("rows", name), "has no stage; write NAME, or [NAME, NAME].")
    if table.against is not None and table.against not in table.rows:
        raise RecipeError(("against",), _unknown("row", table.against, table.rows))
    if not table.rows:
        raise RecipeError(("rows",), "has no row; write at least one, such as CE: ce.")


def _named_stages(row: Row) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(row.stages, list):
        for i, link in enumerate(row.stages):
            yield ("stages", i), next(iter(link)) if isinstance(link, dict) and len(link) == 1 else link


def _chain(row: Row) -> list[str]:
    return [stage for _, stage in _named_stages(row)]


def _unknown(what: str, name: str, valid: Mapping[str, Any]) -> str:
    guess = nearest(name, valid)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"there is no {what} '{name}' in this table.{hint} Valid: {listing(list(valid), 40)}."


def _unknown_row(table: RecipeTable, name: str | None, source: str) -> UserError:
    names = row_names(table)
    if name is None:
        return UserError(
            f"{Place(source)} is a table of {len(names)} recipes; name one behind a colon, such as"
            f" '{table.table}:{names[0]}'. Rows: {listing(names, 40)}."
        )
    guess = nearest(name, names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return UserError(f"{Place(source)} has no row '{name}'.{hint} Rows: {listing(names, 40)}.")
