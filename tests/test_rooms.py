"""The rooms' names: found on first use, and the same ones that type checkers are told."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import longtail

ROOMS = {
    "longtail.losses": ("LOSSES",),
    "longtail.sampling": ("SAMPLERS",),
    "longtail.augment": ("AUGMENTATIONS", "MIXES"),
    "longtail.models": ("HEADS",),
}
CLOSED = tuple(f"longtail.{room}" for room in ("data", "evaluate", "predict", "report", "export", "stages", "bench"))
PURE = ("_loss", "_order")  # the endings of the pure functions that stand beside a loss or are a sampler


def _told(room: str) -> dict[str, set[str]]:
    """The names of the room's `TYPE_CHECKING` block, by module."""
    tree = ast.parse(Path(str(importlib.import_module(room).__file__)).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    told: dict[str, set[str]] = {}
    for line in block.body:
        assert isinstance(line, ast.ImportFrom)
        told.setdefault(str(line.module), set()).update(name.name for name in line.names)
    return told


@pytest.mark.parametrize("room", [*ROOMS, "longtail.pretrain", "longtail.augment.paste", *CLOSED])
def test_what_type_checkers_are_told_is_what_there_is(room: str) -> None:
    package = importlib.import_module(room)
    for module, names in _told(room).items():
        for name in names:
            assert getattr(package, name) is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("room", ROOMS)
def test_type_checkers_are_told_every_part_of_the_files_that_they_know(room: str) -> None:
    """A file that they do not know, a newcomer's, stays as it is: no other edit is needed."""
    package, told = importlib.import_module(room), _told(room)
    parts = [entry.function for registry in ROOMS[room] for entry in getattr(package, registry).load().values()]
    for module, names in told.items():
        own = {part.__name__ for part in parts if part.__module__ == module}
        pure = {
            name
            for name, function in inspect.getmembers(importlib.import_module(module), inspect.isfunction)
            if name.endswith(PURE) and not name.startswith("_") and function.__module__ == module
        }
        if own:
            assert own | pure <= names | {"margin_loss", "smoothed_loss"}  # these two are steps of others


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_means_one_thing(room: str) -> None:
    """No function is called like a module of its room, nor like a function of another file: imports would differ."""
    package = importlib.import_module(room)
    modules = [importlib.import_module(name) for name in _told(room)]
    defined = [
        name
        for module in modules
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__ and callable(thing)
    ]
    assert len(defined) == len(set(defined))
    assert not set(defined) & {module.__name__.rpartition(".")[2] for module in modules}
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_its_names(room: str) -> None:
    """For completion (`dir`), which reads the files only, and for `import *`."""
    package = importlib.import_module(room)
    names = {name for known in _told(room).values() for name in known}
    assert names <= set(dir(package))
    assert not {"Any", "Callable", "Registry", "TYPE_CHECKING", "door"} & set(dir(package))
    assert names | set(ROOMS[room]) <= set(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)


@pytest.mark.parametrize("room", CLOSED)
def test_a_closed_room_has_what_it_tells_and_no_more(room: str) -> None:
    package = importlib.import_module(room)
    names = {name for known in _told(room).values() for name in known}
    registries = {name for name in package.__all__ if name.isupper()}
    assert set(package.__all__) == names | registries
    assert names <= set(dir(package))
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'written_whole'"):
        package.written_whole  # noqa: B018


def test_everything_is_imported_by_a_star() -> None:
    found: dict[str, object] = {}
    exec("from longtail.stages import *", found)
    assert {"SCHEDULES", "Recipe", "load_recipe"} <= set(found)


def test_listing_a_room_imports_nothing_heavy() -> None:
    code = "import sys, longtail.losses as room; assert 'ldam_loss' in dir(room); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


HOUSE = Path(longtail.__file__).parent


def _imported(file: Path) -> set[str]:
    """The rooms that a file imports, also where a function imports by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found |= {str(part.value) for part in node.args if isinstance(part, ast.Constant)}
    return {name.split(".")[1] for name in found if name.startswith("longtail.")}


def test_rooms_import_what_the_map_of_the_house_says() -> None:
    text = (HOUSE.parents[1] / "docs/house.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|[^|]*\|$", text, re.MULTILINE)
    rooms = {name for name, _ in rows}
    assert rooms == {path.name for path in HOUSE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    for room, said in rows:
        files = {name for file in (HOUSE / room).rglob("*.py") for name in _imported(file)}
        told = set(re.findall(r"(\w+)(?: \([^)]*\))?", said))
        assert room == "cli" or files & (rooms - {room}) == told, room


NO_FUNCTIONS = {"data_paste"}  # `longtail.augment.paste.synthesize`; and the registries are what `list` shows
FILES = {path.stem for path in (HOUSE / "cli").glob("*.py") if f"def {path.stem.partition('data_')[2] or path.stem}(" in
         path.read_text(encoding="utf-8")}  # fmt: skip
VERBS = sorted(file for file in FILES if not file.startswith(("list_", "data_")))
DATA_VERBS = sorted(file.partition("_")[2] for file in FILES - NO_FUNCTIONS if file.startswith("data_"))


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_function_of_the_package(verb: str) -> None:
    """Also where a room bears the same name: it passes on to the function in it."""
    found = getattr(longtail, verb)
    assert callable(found)
    assert {verb} <= set(dir(longtail)) & set(longtail.__all__)
    if inspect.ismodule(found):
        function = getattr(found, verb)
        assert inspect.isfunction(function)
        assert function.__name__ == verb
        with pytest.raises(TypeError, match=rf"{verb}\(\).*'no_such_setting'"):
            found(no_such_setting=1)


def test_the_verbs_are_read_from_the_command_line() -> None:
    """Every one of `longtail data` is a function of the data room, but for what the package's first lines name."""
    assert {"demo", "fit", "show", "tables"} <= set(VERBS)
    assert {"read", "split", "tail"} <= set(DATA_VERBS)
    for verb in DATA_VERBS:
        assert inspect.isfunction(getattr(importlib.import_module("longtail.data"), verb)), verb
    assert all(name.partition("_")[2] in str(longtail.__doc__) for name in NO_FUNCTIONS)


@pytest.mark.parametrize("room", [*ROOMS, *(f"longtail.{room}" for room in ("stages", "bench", "pretrain", "running"))])
def test_no_two_files_of_a_room_define_one_name(room: str) -> None:
    """`from longtail.stages import validate` looks through the files in turn: a second one would hide the first."""
    (folder,) = importlib.import_module(room).__path__
    found: dict[str, list[str]] = {}
    for file in Path(folder).rglob("*.py"):
        for part in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(part, (ast.FunctionDef, ast.ClassDef)) and not part.name.startswith("_"):
                found.setdefault(part.name, []).append(file.name)
    assert {name: files for name, files in found.items() if len(files) > 1} == {}
