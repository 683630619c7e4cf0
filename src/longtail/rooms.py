"""Rooms whose names load on first use, so that importing one loads nothing.

A room tells its names once, in the `TYPE_CHECKING` block of its `__init__`: type checkers and editors read it, the
manual's reference is written from it, and `door` finds the names by it.
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from longtail.registry import Registry


def door(room: str, *, of_parts: bool = False) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of the package `room`.

    A room `of_parts` also gives the functions and classes of files that it does not tell of, so that adding a part is
    adding a file; type checkers do not know those. `__all__` (for `import *`) is every name.
    """

    def names() -> list[str]:
        registries = [key for key, value in vars(sys.modules[room]).items() if isinstance(value, Registry)]
        return sorted({*registries, *_told(room), *(_names_in(_folders(room)) if of_parts else ())})

    def get(name: str) -> Any:
        if name == "__all__":
            return names()
        if name in _told(room):
            return _told_value(room, name)
        if of_parts and not name.startswith("_"):
            return _found_in_files(room, name)
        raise _unknown(room, name)

    def listed() -> list[str]:
        own = vars(sys.modules[room]).items()  # without what the room's file imports: Any, door
        return sorted({*names(), *(key for key, value in own if key[:2] == "__" or isinstance(value, ModuleType))})

    return get, listed


class VerbRoom(ModuleType):
    """A room (or file) that bears its verb's name, such as `longtail.evaluate`: called, it is the verb's function.

    So `from longtail import evaluate` gives one thing, whether or not the room was imported before.
    """

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """What the verb's function returns."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **settings)


def as_verb(room: str) -> None:
    """Make the package `room`, which is being imported, callable."""
    sys.modules[room].__class__ = VerbRoom


@cache
def _told(room: str) -> dict[str, str]:
    """The names of the room's `TYPE_CHECKING` block, each with its module."""
    body = ast.parse(pkgutil.get_data(room, "__init__.py") or b"").body
    blocks = [node.body for node in body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    lines = [line for block in blocks for line in block if isinstance(line, ast.ImportFrom)]
    return {alias.name: str(line.module) for line in lines for alias in line.names}


def _told_value(room: str, name: str) -> Any:
    """What the name stands for; a verb's room stands for its verb (see `VerbRoom`)."""
    module, own = _told(room)[name], f"{room}.{name}"
    if f"{module}.".startswith(f"{own}."):
        return importlib.import_module(own)
    return getattr(importlib.import_module(module), name)


def _found_in_files(room: str, name: str) -> Any:
    for found in pkgutil.walk_packages(_folders(room), f"{room}."):
        module = importlib.import_module(found.name)
        if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
            return getattr(module, name)
    raise _unknown(room, name)


def _folders(room: str) -> Iterable[str]:
    return sys.modules[room].__path__


def _unknown(room: str, name: str) -> AttributeError:
    return AttributeError(f"module '{room}' has no attribute '{name}'")


def _names_in(folders: Iterable[str]) -> set[str]:
    """The public functions and classes in the files of the folders, read from the text: nothing is imported."""
    files = (file for folder in folders for file in Path(folder).rglob("*.py"))
    return {name for file in files for name in _defined(file)}


def _defined(file: Path) -> list[str]:
    body = ast.parse(file.read_text(encoding="utf-8"), str(file)).body
    names = [part.name for part in body if isinstance(part, (ast.FunctionDef, ast.ClassDef))]
    return [name for name in names if not name.startswith("_")]
