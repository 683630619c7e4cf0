"""The manual is true: every console command and Python snippet of every page runs, in order, in one folder per page.

```console blocks hold commands after `$ `; those of longtail are run here. ```python blocks share one namespace per
page. Every other command line of longtail (it needs data, a server or hours) is held against the real command line:
the verb, its options, what it requires, the recipe and the settings that it changes.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from longtail.cli import app, run
from longtail.data.readers import READERS
from longtail.stages.loading import load_recipe
from longtail.stages.shipped import shipped_recipes
from longtail.stages.table import RecipeTable, read_table, row_names
from longtail.stages.yaml_tree import read_tree

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
OTHERS = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|&& |\$ |bin/|-m )(longtail .*?)(?= && |$)", re.MULTILINE)
_MENTION = re.compile(r"`(longtail [^`]*)`")
_USAGE_ERROR: Any = typer.BadParameter.__mro__[1]  # of whichever click typer has


def _run_console(block: str) -> None:
    for line in block.splitlines():
        if line.startswith("$ longtail "):
            words = shlex.split(line[2:], comments=True)[1:]
            assert run(words) == 0, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, in_tmp: Path) -> None:
    names: dict[str, object] = {}
    for kind, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "console":
            _run_console(block)
        else:
            exec(compile(block, str(page), "exec"), names)
    assert in_tmp.is_dir()


def _unrun(page: Path) -> Iterator[tuple[str, bool]]:
    """The command lines of a page that no test runs, and whether each stands by itself or only within a sentence."""
    text = page.read_text(encoding="utf-8")
    blocks = [block for kind, block in _FENCE.findall(text) if page not in PAGES or kind not in ("console", "python")]
    prose = _FENCE.sub("", text)
    blocks += re.findall(r"^ {4}.*$", prose, re.MULTILINE)
    whole = (block.strip().replace("\\\n", "") for block in blocks)  # a command may go on in the next line
    yield from ((line, True) for block in whole for line in _COMMAND.findall(block))
    yield from ((line, False) for line in _MENTION.findall(prose) if "..." not in line and "|" not in line)


def _verb(line: str) -> tuple[Any, str, list[str]]:
    """The verb as the command line's own parser has it, its name, and the words after it."""
    found, names = typer.main.get_command(app), []
    words = shlex.split(line, comments=True)[1:]
    while hasattr(found, "commands") and words and not words[0].startswith("-"):
        names.append(words.pop(0))
        found = found.commands[names[-1]]
    return found, " ".join(names), words


def _check(line: str, *, alone: bool) -> None:
    verb, name, words = _verb(line)
    try:
        given = verb.make_context(name, list(words), resilient_parsing=name == "").params
    except _USAGE_ERROR:
        if alone:
            raise
        options = {option for parameter in verb.params for option in parameter.opts}  # a sentence names no files
        assert {word for word in words if word.startswith("--")} <= options
        return
    _check_names(name, given)


def _check_names(verb: str, given: dict[str, Any]) -> None:
    """What the parser leaves to the verb: recipes, a table's rows, data sets, and settings by dotted path."""
    settings = given.get("settings") or ()
    if verb in ("fit", "validate", "show") and not given["recipe"].isupper():
        load_recipe(given["recipe"], settings)
    elif verb == "bench":
        table = _table(given["table"])
        rows = re.findall(r"[^,]+", given["rows"] or "") or row_names(table)
        assert {*rows, given["against"] or rows[0]} <= {*row_names(table)}
        assert given["paper"] is None or given["paper"] in {name for row in table.rows.values() for name in row.paper}
        for recipe in (f"{given['table']}:{rows[0]}", *(given["also"] or ())):
            load_recipe(recipe, settings)
    elif verb == "data read" and given["name"] != "mine":  # CONTRIBUTING's newcomer writes it
        assert given["name"] in READERS.load()


@cache
def _table(name: str) -> RecipeTable:
    return read_table(read_tree(shipped_recipes()[name]), name)


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: page.stem)
def test_a_command_that_is_not_run_is_one_that_could_be(page: Path) -> None:
    for line, alone in _unrun(page):
        try:
            _check(line, alone=alone)
        except Exception as error:
            raise AssertionError(f"{page.name}: {line}: {error!r}") from error


@pytest.fixture(autouse=True)
def _forget_the_modules_that_a_page_writes(in_tmp: Path) -> Iterator[None]:
    """Two pages may each write a `my_losses.py`."""
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(in_tmp)):
            del sys.modules[name]


def test_links_between_pages_hold() -> None:
    for page in [*PAGES, REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_map_of_the_house_is_whole() -> None:
    """Every room stands in its table; every file of the largest, and no other; every file of the image's way."""
    text, house = (REPOSITORY / "docs/house.md").read_text(encoding="utf-8"), REPOSITORY / "src/longtail"
    tables = re.findall(r"^\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    rooms, stages, way = ([row.split("|") for row in table.splitlines()] for table in tables)
    named = {name for row in rooms for name in re.findall(r"`(\w+)`", row[1])}
    assert named == {path.name for path in house.iterdir() if path.is_dir() and path.name != "__pycache__"}
    listed = {name for row in stages for name in re.findall(r"`(\w+/?)`", row[2])}
    there = {path.stem for path in (house / "stages").glob("[!_]*.py")}
    there |= {f"{path.name}/" for path in (house / "stages").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert listed == there
    for name in re.findall(r"`([\w/]+(?:\.py|/))`", "".join(row[3] for row in way)):
        assert (house / name).exists(), name
