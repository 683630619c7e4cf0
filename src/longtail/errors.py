"""Errors as interface: one sentence that says what is wrong, where, what is valid and what to do next.

`UserError` is for mistakes that a user can mend; the command line prints its sentence and exits with status 2.
Everything else is a fault of this program and keeps its traceback.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class UserError(Exception):
    """A mistake that the user can mend; `str(error)` is the whole message."""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` was probably meant to be, or None; case does not count."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def listing(names: Sequence[object], most: int = 12) -> str:
    """`a, b, c and 5 more`: a list short enough for one sentence."""
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def plural(unit: str) -> str:
    """More than one patient, lesion, study or image."""
    return "studies" if unit == "study" else f"{unit}s"


def unknown_name(kind: str, name: str, choices: Iterable[str], where: str = "") -> UserError:
    """The error for a name that is none of `choices`; suggests the nearest one."""
    valid = sorted(choices)
    guess = nearest(name, valid)
    hint = f" Did you mean '{guess}'?" if guess else ""
    place = f" in {where}" if where else ""
    return UserError(f"unknown {kind} '{name}'{place}.{hint} Valid: {listing(valid, 40) or 'none'}.")
