"""Which labels are a stage's tail, for the validation metric `map_tail`: by its own training images, each once."""

from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import group_boundaries, label_groups
from longtail.data.manifest import Task
from longtail.errors import UserError
from longtail.stages.active_classes import active_targets, class_counts
from longtail.stages.recipe import Best, Stage

MAP_TAIL = "map_tail"


def tail_of(
    stage: Stage, task: Task, targets: npt.NDArray[Any], train: npt.NDArray[Any], active: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_] | None:
    """Which of the active labels `(A,)` are tail as `evaluate` groups them; None where nothing asks for it."""
    if not (isinstance(stage.keep, Best) and stage.keep.best == MAP_TAIL):
        return None
    rows = np.unique(train)
    counts = class_counts(active_targets(targets, active)[rows], int(active.sum()))
    bounds = group_boundaries(task, len(rows))
    tail = np.array([group == "tail" for group in label_groups(counts, head=bounds.head, tail=bounds.tail)])
    if not tail[counts > 0].any():  # labels without any image are tail too, and nobody learns them
        raise UserError(
            f"keep: {{best: {MAP_TAIL}}} needs labels of the tail, and none has training images but fewer than"
            f" {bounds.tail:,} ({bounds.rule}); keep the best by another metric, such as map."
        )
    return tail
