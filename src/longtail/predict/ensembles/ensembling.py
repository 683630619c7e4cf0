"""The ensemble of several predictions, by the name of a merge."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.ensembles.members import Judge, joined, stacked
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.simplex import as_distribution


def ensemble(
    members: Sequence[Predictions], merge: Any = "mean", *, judge: Judge | None = None, names: Sequence[str] = ()
) -> Predictions:
    """One prediction out of `members` (the same rows and labels) by `merge`, of `ENSEMBLES`, or `join`.

    `judge` is for merges fitted on validation (see `judge_of`). `names` (default: the files') are recorded with the
    weights. `join` puts files of different rows together (out-of-fold predictions).
    """
    if not members:
        raise UserError("there are no predictions to merge; name at least one.")
    names = list(names) or [str(member.path or f"member {i + 1}") for i, member in enumerate(members)]
    if merge == "join":
        return joined(members).with_values(joined(members).values, ensemble={"merge": "join", "members": names})
    part = bound(ENSEMBLES, merge)
    values, weights = part(stacked(members), judge)
    facts: dict[str, Any] = {"merge": part.said, "members": names}
    if weights is not None:
        facts["weights"] = {
            name: dict(zip(members[0].labels, np.round(row, 6).tolist(), strict=True))
            for name, row in zip(names, weights, strict=True)
        }
    task = next((member.facts["task"] for member in members if member.facts.get("task")), None)
    done = as_distribution(values, task)
    return members[0].with_values(done, ensemble=facts, **({"task": task} if task else {}))
