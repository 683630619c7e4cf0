"""Members of an ensemble side by side: the same rows and labels, in one order."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict.matching import align
from longtail.predict.predictions import Predictions

Values = npt.NDArray[np.float32]


class Judge(NamedTuple):
    """The members' validation predictions `(M, V, C)` and the truth `(V, C)` in {0, 1, nan}."""

    values: Values
    targets: npt.NDArray[np.float32]


class Merged(NamedTuple):
    """The merged probabilities `(N, C)`, and the members' weights `(M, C)` where such were fitted."""

    values: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64] | None = None


def stacked(members: Sequence[Predictions]) -> Values:
    """The members' values `(M, N, C)`, rows and labels in the first one's order; both must be the same everywhere."""
    first = members[0]
    return np.stack([first.values, *(_like(member, first) for member in members[1:])])


def judge_of(members: Sequence[Predictions], manifest: Manifest, labels: Sequence[str]) -> Judge:
    """The judge made of each member's validation predictions (in the order of the members) and their truth."""
    values = stacked(members)
    beside = [align(members[0].with_values(each), manifest, labels=labels) for each in values]
    targets = manifest.one_hot[beside[0].rows]
    columns = [manifest.labels.index(name) for name in labels]
    if manifest.task == "singlelabel":  # align gives the manifest's order of classes
        return Judge(np.stack([each.values for each in beside])[:, :, columns], targets[:, columns])
    return Judge(np.stack([each.values for each in beside]), targets[:, columns])


def joined(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of different rows one after another, such as each fold's own validation rows (out of fold)."""
    first = parts[0]
    values = [part.values[:, _label_order(part, first)] for part in parts]
    ids = pd.concat([part.ids for part in parts], ignore_index=True).fillna("")
    twice = np.flatnonzero(ids[first.level].duplicated())
    if len(twice):
        raise UserError(
            f"the {first.level} '{ids[first.level].iloc[twice[0]]}' is in two of the files to join; join files"
            " of different rows, or merge these with --ensemble mean."
        )
    return Predictions(ids, first.labels, np.concatenate(values), first.level, dict(first.facts))


def _like(member: Predictions, first: Predictions) -> Values:
    if member.level != first.level:
        raise UserError(
            f"{first.where} is of {first.level} level and {member.where} of {member.level} level; merge files of one"
            " level."
        )
    rows = pd.Index(member.keys).get_indexer(pd.Index(first.keys))
    lacking = np.flatnonzero(rows < 0)
    if len(lacking) or len(member) != len(first):
        what = f"lacks '{first.keys[lacking[0]]}'" if len(lacking) else f"has {len(member):,} rows, not {len(first):,}"
        raise UserError(
            f"{member.where} {what} of {first.where}; members predict the same {first.level}s (files of different"
            " rows are put together by --ensemble join)."
        )
    return np.asarray(member.values[rows][:, _label_order(member, first)], dtype=np.float32)


def _label_order(member: Predictions, first: Predictions) -> list[int]:
    if set(member.labels) != set(first.labels):
        odd = sorted(set(member.labels) ^ set(first.labels))[0]
        raise UserError(
            f"the label '{odd}' is in only one of {first.where} and {member.where}; an ensemble's members predict the"
            " same labels."
        )
    return [member.labels.index(name) for name in first.labels]
