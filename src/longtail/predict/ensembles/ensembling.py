"""The ensemble of several predictions, by the name of a merge."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

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
        whole = joined(members)
        return whole.with_values(whole.values, ensemble={"merge": "join", "members": names})
    part = bound(ENSEMBLES, merge)
    values, weights = part(stacked(members), judge)
    facts: dict[str, Any] = {"merge": part.said, "members": names}
    if weights is not None:
        facts["weights"] = {
            name: dict(zip(members[0].labels, row.tolist(), strict=True))
            for name, row in zip(names, weights, strict=True)
        }
    return _made(members, values, facts)


def weighted_by(members: Sequence[Predictions], decided: Mapping[str, Any], *, names: Sequence[str]) -> Predictions:
    """The ensemble with the weights that an earlier fit recorded (`facts["ensemble"]`)."""
    try:
        weights = [[decided["weights"][name][label] for label in members[0].labels] for name in names]
    except (KeyError, TypeError) as error:
        raise UserError(f"the recorded ensemble weights lack {error}; fit them again on validation.") from error
    values = np.einsum("mnc,mc->nc", stacked(members).astype(np.float64), np.array(weights, dtype=np.float64))
    return _made(members, values, dict(decided))


def _made(members: Sequence[Predictions], values: npt.NDArray[np.float64], facts: dict[str, Any]) -> Predictions:
    task = next((member.facts["task"] for member in members if member.facts.get("task")), None)
    done = as_distribution(values, task)
    return members[0].with_values(done, ensemble=facts, **({"task": task} if task else {}))
