"""Registries: plain dicts from a name to a component, filled by a decorator, one per role.

A room's components register when their module is imported; `Registry.load` imports every module of the room, so adding
one is adding a file. Nothing is imported before somebody asks.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from longtail.errors import UserError, unknown_name

F = TypeVar("F", bound=Callable[..., Any])
G = TypeVar("G", bound=Callable[..., Any])


@dataclass(frozen=True)
class Entry(Generic[F]):
    """A registered component: its name, the function, and what lists show (summary, source, ...)."""

    name: str
    function: F
    facts: dict[str, str]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]


@dataclass
class Registry(Generic[F]):
    """The components of one role, such as the readers of published data sets."""

    role: str
    room: str  # the package whose modules register
    entries: dict[str, Entry[F]] = field(default_factory=dict)

    def register(self, name: str, **facts: str) -> Callable[[G], G]:
        """A decorator that files a function, or a class, under `name` and leaves it and its type as they are."""

        def file(function: G) -> G:
            self.entries[name] = Entry(name, cast(Any, function), facts)
            return function

        return file

    def load(self) -> dict[str, Entry[F]]:
        """All entries by name, after importing every module of the room."""
        package = importlib.import_module(self.room)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.room}.{module.name}")
        return dict(sorted(self.entries.items()))

    def find(self, name: str) -> Entry[F]:
        """The entry called `name`, or a user's own by dotted path (`my_losses.gentle`, looked for in the working folder
        too); `-` and `_` are one. The error lists the valid names and the nearest one."""
        if "." in name:
            return Entry(name, imported(self.role, name), {})
        entries = self.load()
        spellings = (name, name.replace("-", "_"), name.replace("_", "-"))
        found = next((entries[each] for each in spellings if each in entries), None)
        if found is None:
            raise unknown_name(self.role, name, entries)
        return found


def imported(role: str, path: str) -> Any:
    """The component at a dotted path; this runs the user's own code."""
    module, _, attribute = path.rpartition(".")
    here = str(Path.cwd())
    with _first_on_path(here):
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise UserError(
                f"the {role} '{path}' cannot be imported ({error}); write module.name, with the module in '{here}' or"
                " installed."
            ) from error
    if not callable(found):
        raise UserError(f"the {role} '{path}' is a {type(found).__name__}; name a function or a class.")
    return found


def module_exists(name: str) -> bool:
    """Whether a module of this name is in the working folder or installed; the modules above it are imported."""
    with _first_on_path(str(Path.cwd())):
        try:
            return importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            return False


@contextmanager
def _first_on_path(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
