"""Which recipes a comparison trains: the rows of a table, some of them, and others that shall stand beside them."""

import re
from collections.abc import Mapping, Sequence
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
    chosen = [row] if row is not None else _whole_names(rows or row_names(found), row_names(found))
    for name in chosen:
        if name not in row_names(found):
            raise unknown_name("row", name, row_names(found), f"the table {found.table}")
    sources = {name: f"{path}:{name}" for name in dict.fromkeys(chosen)} | {name: name for name in also}
    recipes = _recipes(sources, overrides, smoke)
    lines = [_line(found, name, recipes[name]) for name in dict.fromkeys(chosen)]
    lines += [Line(name, recipes[name], "beside the table") for name in also]
    _check_folders(lines)
    _check_levels(lines)
    return found, lines


def chosen_rival(table: RecipeTable, lines: Sequence[Line], asked: str | None) -> str | None:
    """The line that others are compared with: as asked, else the table's own where it takes part."""
    names = [line.name for line in lines]
    if asked is None:
        return table.against if table.against in names and len(lines) > 1 else None
    if asked not in names:
        raise unknown_name("row", asked, names, "--against")
    return asked


def check_paper(table: RecipeTable, lines: Sequence[Line], asked: str | None) -> None:
    """Refuse a data set that no line has published numbers of."""
    known = sorted({name for line in lines for name in line.paper})
    if asked is not None and asked not in known:
        raise unknown_name("data set", asked, known, f"the published numbers of {table.table}")


def _recipes(sources: Mapping[str, str], overrides: Sequence[str], smoke: bool) -> dict[str, Recipe]:
    """Each line's recipe; what is said of a stage by name changes the recipes that have it, and one must."""
    wanted = {text: _stage_named(text) for text in overrides}
    stages = {name: set(load_recipe(source, bind=False).stages) for name, source in sources.items()}
    every = sorted({stage for names in stages.values() for stage in names})
    for stage in wanted.values():
        if stage is not None and stage not in every:
            raise unknown_name("stage", stage, every, "these rows")
    return {
        name: load_recipe(source, [t for t, stage in wanted.items() if stage in (None, *stages[name])], smoke=smoke)
        for name, source in sources.items()
    }


def _stage_named(override: str) -> str | None:
    """`ce` of `stages.ce.epochs=3`; None where the override is for every stage or for none."""
    words = override.partition("=")[0].strip().split(".")
    return words[1] if words[0] == "stages" and len(words) > 2 and words[1] != "*" else None


def _line(table: RecipeTable, name: str, recipe: Recipe) -> Line:
    """The line of a row; with `across`, published numbers are of the one setting that they are named after."""
    if not table.across:
        return Line(name, recipe, table.rows[name].group, table.rows[name].paper)
    row_name, _, setting = name.partition(ACROSS)
    row = table.rows[row_name]
    return Line(name, recipe, row.group, {key: numbers for key, numbers in row.paper.items() if key == setting})


def _whole_names(pieces: Sequence[str], names: Sequence[str]) -> list[str]:
    """Rows as asked; pieces that only together are a row's name are one, since names may have commas."""
    found, left = [], list(pieces)
    while left:
        ends = range(len(left), 0, -1)
        end = next((end for end in ends if ", ".join(left[:end]) in names), 1)
        found.append(", ".join(left[:end]))
        left = left[end:]
    return found


def _check_levels(lines: Sequence[Line]) -> None:
    """Refuse values of studies beside values of images: they are not of the same rows."""
    studies = [line for line in lines if line.recipe.predict.study is not None and not line.recipe.predict.keep_images]
    others = [line for line in lines if line not in studies]
    if studies and others:
        raise UserError(
            f"the row '{studies[0].name}' predicts studies and '{others[0].name}' images, which can't be compared;"
            " count both by image with predict.keep_images=true."
        )


def _check_folders(lines: Sequence[Line]) -> None:
    seen: dict[str, str] = {}
    for line in lines:
        other = seen.setdefault(line.folder, line.name)
        if other != line.name:
            raise UserError(f"the rows '{other}' and '{line.name}' would share the folder '{line.folder}'; rename one.")
