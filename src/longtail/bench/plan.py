"""Which recipes a comparison trains: the rows of a table, some of them, and others that shall stand beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from longtail.errors import UserError, unknown_name
from longtail.stages.loading import load_recipe
from longtail.stages.recipe import Recipe
from longtail.stages.shipped import find_recipe
from longtail.stages.table import ACROSS, RecipeTable, is_table, read_table, row_names
from longtail.stages.yaml_tree import read_tree


@dataclass(frozen=True)
class Line:
    """One line of the comparison: its name, its recipe, and what the table tells of it."""

    name: str
    recipe: Recipe
    group: str = ""
    paper: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The name of its folder of runs."""
        return re.sub(r"[^A-Za-z0-9+.]+", "-", self.name.replace("->", "to")).strip("-")


def plan_lines(
    table: str | Path,
    *,
    rows: Sequence[str] | None = None,
    also: Sequence[str] = (),
    overrides: Sequence[str] = (),
    smoke: bool = False,
) -> tuple[RecipeTable, list[Line]]:
    """The table, and every line with its recipe checked: mistakes show before any training."""
    path, row = find_recipe(str(table))
    tree = read_tree(path)
    if not is_table(tree):
        raise UserError(f"'{path}' is one recipe, not a table of variants; train it with `longtail fit`.")
    found = read_table(tree, f"'{path}'")
    chosen = [row] if row is not None else list(rows or row_names(found))
    for name in chosen:
        if name not in row_names(found):
            raise unknown_name("row", name, row_names(found), f"the table {found.table}")
    lines = [_line(found, path, name, overrides, smoke) for name in dict.fromkeys(chosen)]
    lines += [Line(name, load_recipe(name, overrides, smoke=smoke), "beside the table") for name in also]
    _check_folders(lines)
    return found, lines


def chosen_rival(table: RecipeTable, lines: Sequence[Line], asked: str | None) -> str | None:
    """The line that others are compared with: as asked, else the table's own where it takes part."""
    names = [line.name for line in lines]
    if asked is None:
        return table.against if table.against in names and len(lines) > 1 else None
    if asked not in names:
        raise unknown_name("row", asked, names, "--against")
    return asked


def _line(table: RecipeTable, path: Path, name: str, overrides: Sequence[str], smoke: bool) -> Line:
    row = table.rows[name.partition(ACROSS)[0] if table.across else name]
    return Line(name, load_recipe(f"{path}:{name}", overrides, smoke=smoke), row.group, row.paper)


def _check_folders(lines: Sequence[Line]) -> None:
    seen: dict[str, str] = {}
    for line in lines:
        other = seen.setdefault(line.folder, line.name)
        if other != line.name:
            raise UserError(f"the rows '{other}' and '{line.name}' would share the folder '{line.folder}'; rename one.")
