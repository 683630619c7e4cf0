"""The stage room: the recipe's schema, the graph, the store of finished stages, the runner and the training loop.

It knows every room that a training needs, and the report that a run ends with; exports, servers and benches know it.
Parts come in by name from a recipe; no method of a paper lives here, only how stages follow one another. Reading a
recipe imports no torch.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.stages.fitting import fit as fit
    from longtail.stages.loading import load_recipe as load_recipe
    from longtail.stages.loading import recipe_text as recipe_text
    from longtail.stages.proposing.proposal import propose as propose
    from longtail.stages.recipe import Recipe as Recipe
    from longtail.stages.recipe import Stage as Stage
    from longtail.stages.validating import Validation as Validation
    from longtail.stages.validating import validate as validate

# Threads of OpenMP that spin while they wait make a step 2 to 18 times slower beside one busy process. It counts only
# when it is set before torch is imported, which nothing above does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

OPTIMIZERS: Registry[Callable[..., Any]] = Registry("optimizer", "longtail.stages.optimizers")
SCHEDULES: Registry[Callable[..., Any]] = Registry("schedule", "longtail.stages.schedules")

__getattr__, __dir__ = door(__name__)
