"""The stage room: the recipe's schema, the graph, the store of finished stages, the runner and the training loop.

The only room that knows all others. Each other room's parts come in by name from a recipe; no method of a paper lives
here, only how stages follow one another. Reading a recipe imports no torch.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import name_in_room, names_in_room

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.stages.recipe import Recipe as Recipe
    from longtail.stages.recipe import Stage as Stage

# Threads of OpenMP that spin while they wait make a step 2 to 18 times slower beside one busy process. It counts only
# when it is set before torch is imported, which nothing above does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

OPTIMIZERS: Registry[Callable[..., Any]] = Registry("optimizer", "longtail.stages.optimizers")
SCHEDULES: Registry[Callable[..., Any]] = Registry("schedule", "longtail.stages.schedules")


def __getattr__(name: str) -> Any:
    """Functions and classes of every file of this room, found on first use (so that torch loads only then)."""
    return name_in_room(__name__, __path__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *names_in_room(__path__)})
