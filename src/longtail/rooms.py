"""Names of a room that load on first use, so that adding a part is adding a file and importing a room loads nothing.

A room's `__getattr__` and `__dir__` look here. Its `TYPE_CHECKING` block repeats the shipped names for type checkers
and editors; a part that is missing there works all the same, only untyped.
"""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from longtail.registry import Registry


class VerbRoom(ModuleType):
    """A room that bears its verb's name, such as `longtail.evaluate`: called, it is the verb's function.

    So `from longtail import evaluate` gives one thing, whether or not the room was imported before.
    """

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """What the verb's function returns."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **settings)


def as_verb(room: str) -> None:
    """Make the package `room`, which is being imported, callable."""
    sys.modules[room].__class__ = VerbRoom


def name_in_room(room: str, path: Iterable[str], name: str) -> Any:
    """The function or class `name` that a file of the package `room`, whose folders are `path`, defines.

    `__all__` is every such name and the room's registries (what `from longtail.losses import *` takes).
    """
    if name == "__all__":
        registries = [key for key, value in vars(sys.modules[room]).items() if isinstance(value, Registry)]
        return sorted([*registries, *names_in_room(path)])
    if not name.startswith("_"):
        for found in pkgutil.walk_packages(path, f"{room}."):
            module = importlib.import_module(found.name)
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module '{room}' has no attribute '{name}'")


def names_in_room(path: Iterable[str]) -> list[str]:
    """The public functions and classes in the files of the folders `path`, read from the text: nothing is imported."""
    files = (file for folder in path for file in Path(folder).rglob("*.py"))
    return sorted({name for file in files for name in _defined(file)})


def _defined(file: Path) -> list[str]:
    body = ast.parse(file.read_text(encoding="utf-8"), str(file)).body
    names = [part.name for part in body if isinstance(part, (ast.FunctionDef, ast.ClassDef))]
    return [name for name in names if not name.startswith("_")]
