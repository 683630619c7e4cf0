"""The manual is true: every console command and Python snippet of every page runs, in order, in one folder per page.

```console blocks hold commands after `$ `; those of longtail are run here. ```python blocks share one namespace per
page.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from longtail.cli import run

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted((REPOSITORY / "docs").glob("*.md"))
_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


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
