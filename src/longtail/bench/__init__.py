"""The bench room: a table of recipes trained row by row and seed by seed, and printed as papers print theirs.

It plans runs, calls `fit` for each, and counts what their predictions hold. No training and no metric lives here.
"""

from typing import TYPE_CHECKING, Any

from longtail.rooms import as_verb, name_in_room, names_in_room

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.bench.result import Result as Result
    from longtail.bench.running import bench as bench

as_verb(__name__)


def __getattr__(name: str) -> Any:
    """Functions and classes of every file of this room, found on first use (so that torch loads only then)."""
    return name_in_room(__name__, __path__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *names_in_room(__path__)})
