"""Names of a room that load on first use, so that adding a part is adding a file and importing a room loads nothing.

A room's `__getattr__` looks here. Its `TYPE_CHECKING` block repeats the shipped names for type checkers and editors; a
part that is missing there works all the same, only untyped.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any


def name_in_room(room: str, path: Iterable[str], name: str) -> Any:
    """The function or class `name` that a file of the package `room`, whose folders are `path`, defines."""
    if not name.startswith("_"):
        for found in pkgutil.walk_packages(path, f"{room}."):
            module = importlib.import_module(found.name)
            if getattr(getattr(module, name, None), "__module__", None) == module.__name__:
                return getattr(module, name)
    raise AttributeError(f"module '{room}' has no attribute '{name}'")
