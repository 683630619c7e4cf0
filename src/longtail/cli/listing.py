"""What every `longtail list ...` does: a table of a registry's entries, or everything about one of them."""

from typing import Any

from longtail.registry import Entry, Registry


def show(registry: Registry[Any], title: str, name: str | None, *, facts: tuple[str, ...], next_step: str) -> None:
    """Print the table (name, what, options, one column for each of `facts`), or all that is known of `name`."""
    from longtail.binding import options_of
    from longtail.cli.console import say, table

    if name is not None:
        say(details(registry.find(name)))
        return
    rows = [
        (entry.name, entry.summary, " ".join(options_of(entry.function)), *(entry.facts.get(f, "") for f in facts))
        for entry in registry.load().values()
    ]
    table(title, ("name", "what", "options", *facts), rows)
    say(next_step)


def details(entry: Entry[Any]) -> str:
    """The entry's description, its sources and its options with their types, as lines."""
    import inspect

    from longtail.binding import options_of

    lines = [entry.name, "", inspect.cleandoc(entry.function.__doc__ or ""), ""]
    lines += [f"{fact}: {text}" for fact, text in entry.facts.items()]
    if options := options_of(entry.function):
        lines += ["options:", *(f"  {option}" for option in options)]
    return "\n".join(lines)
