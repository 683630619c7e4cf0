"""`longtail list recipes`."""

from pathlib import Path
from typing import Annotated, Any

import typer


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="Show everything about this one: a shipped recipe or a file.")
    ] = None,
    schema: Annotated[Path | None, typer.Option(help="Write a JSON schema of recipes for editors.")] = None,
) -> None:
    """List the recipes that come with longtail; with a name, its file with all comments."""
    from longtail.cli.console import say, table
    from longtail.stages.shipped import find_recipe, group_of, shipped_recipes

    if schema is not None:
        _write_schema(schema)
    elif name is not None:
        say(find_recipe(name)[0].read_text(encoding="utf-8").rstrip())
    else:
        rows = [line for path in shipped_recipes().values() for line in _lines(path, group_of(path))]
        table("Recipes", ("name", "group", "task", "stages", "about"), rows)
        say("next: longtail show NAME; longtail list recipes NAME prints its file; longtail fit NAME MANIFEST runs it")


def _lines(path: Path, group: str) -> list[list[Any]]:
    """A recipe's line; a table's, and one for each of its rows."""
    from longtail.stages.table import is_table, read_table, row_names
    from longtail.stages.yaml_tree import plain, read_tree

    tree = read_tree(path)
    if not is_table(tree):
        data = plain(tree)
        return [[path.stem, group, data.get("task"), len(data["stages"]), data.get("about", "")]]
    found = read_table(tree, str(path))
    task = found.base.get("task")
    lines: list[list[Any]] = [[path.stem, group, task, None, found.about]]
    for row in row_names(found):
        told = found.rows[row.partition(" @ ")[0] if found.across else row]
        lines.append([f"{path.stem}:{row}", told.group or group, task, len(told.stages), told.about])
    return lines


def _write_schema(path: Path) -> None:
    from longtail.cli.console import say
    from longtail.files import write_json
    from longtail.stages.json_schema import recipe_schema

    write_json(path, recipe_schema())
    say(f"schema: {path}")
    say(f"next: put '# yaml-language-server: $schema={path}' at the top of a recipe")
