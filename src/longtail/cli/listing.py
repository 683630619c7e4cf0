"""What every `longtail list ...` does: a table of a registry's entries, or everything about one of them."""

from collections.abc import Callable, Mapping
from typing import Any

from longtail.registry import Entry, Registry

_SOURCES = ("publication", "paper", "code")


def show(
    tables: Mapping[str, Registry[Any]],
    name: str | None,
    *,
    next_step: str,
    more: Mapping[str, Callable[[Entry[Any]], str]] | None = None,
) -> None:
    """Print a table for each registry, by its title (name, `more` columns, what, options, source), or all about one."""
    from longtail.cli.console import say, table

    if name is not None:
        say(details(found(tables, name)))
        return
    columns = {"name": lambda entry: entry.name, **(more or {}), **_COLUMNS}
    for title, registry in tables.items():
        entries = registry.load().values()
        table(title, tuple(columns), [[cell(entry) for cell in columns.values()] for entry in entries])
    say(next_step)


def found(tables: Mapping[str, Registry[Any]], name: str) -> Entry[Any]:
    """The entry called `name` in whichever registry has it, or one's own by dotted path."""
    from longtail.errors import unknown_name

    homes = {key: registry for registry in tables.values() for key in registry.load()}
    first = next(iter(tables.values()))
    if "." not in name and name not in homes:
        raise unknown_name(" or ".join(registry.role for registry in tables.values()), name, homes)
    return homes.get(name, first).find(name)


def fact(key: str) -> Callable[[Entry[Any]], str]:
    """A column that shows what entries registered under `key`."""
    return lambda entry: entry.facts.get(key, "")


def _options(entry: Entry[Any]) -> str:
    from longtail.binding import options_of

    return " ".join(options_of(entry.function))


def source_of(entry: Entry[Any]) -> str:
    """Where an entry comes from: paper and public code, or the publication."""
    return "; ".join(entry.facts[key] for key in _SOURCES if key in entry.facts)


_COLUMNS: dict[str, Callable[[Entry[Any]], str]] = {
    "what": lambda entry: entry.summary,
    "options": _options,
    "source": source_of,
}


def details(entry: Entry[Any]) -> str:
    """The entry's description, what it registered, where it lies and its signature, as lines."""
    import inspect

    from longtail.binding import signature_lines

    function = entry.function
    lines = [entry.name, "", inspect.cleandoc(function.__doc__ or ""), ""]
    lines += [f"{key}: {text}" for key, text in entry.facts.items()]
    lines += [f"python: {function.__module__}.{function.__qualname__}"]
    if arguments := signature_lines(function):
        lines += ["arguments:", *(f"  {argument}" for argument in arguments)]
    return "\n".join(lines)
