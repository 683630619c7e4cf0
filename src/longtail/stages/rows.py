"""Which rows a stage trains on, and what it knows of them: splits, dropped and kept classes, balance, oversampling.

Every choice is a pure function of the manifest, the stage's settings and the recipe's seed. The test split is never
among the rows, and class counts are of the chosen rows alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import GROUPS, group_boundaries, label_groups
from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.errors import UserError, listing, unknown_name
from longtail.sampling.drawing import stream
from longtail.sampling.labels import rows_by_label
from longtail.sampling.oversampled import oversampled_copies
from longtail.stages.mistakes import at
from longtail.stages.recipe import Oversample, Stage

Rows = npt.NDArray[np.int64]
VALIDATION = "val"
TEST = "test"
LARGEST = "largest"  # the class with most training rows, such as the papers' class 0


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows of a stage. `targets` are of all rows of the manifest, of the model's labels in this stage."""

    labels: tuple[str, ...]
    targets: npt.NDArray[Any]
    train: Rows  # may name a row more than once
    valid: Rows
    active: npt.NDArray[np.bool_]  # (C,) of `labels`: not dropped
    flagged: dict[str, float]  # oversampled labels and the validation AP that each was judged by


def select_rows(manifest: Manifest, stage: Stage, *, seed: int, judged: Mapping[str, float] | None = None) -> Selection:
    """The rows of `stage`; `judged` is each label's validation AP by the stage that `oversample` names."""
    train = _train_rows(manifest, stage.rows)
    dropped = dropped_labels(stage, manifest, train)
    chosen = Selection(
        manifest.labels,
        manifest.targets,
        train,
        _valid_rows(manifest, stage.rows),
        np.array([label not in dropped for label in manifest.labels]),
        {},
    )
    if dropped:
        chosen = _without(chosen, stage.dropped == "new_head")
    if stage.oversample is not None:
        chosen = _oversampled(chosen, stage.oversample, judged)
    if stage.balance is not None:
        chosen = replace(chosen, train=balanced_rows(chosen.targets, chosen.train, stage.balance.per_class, seed))
    return _checked(chosen, stage)


def dropped_labels(stage: Stage, manifest: Manifest, train: Rows) -> set[str]:
    """The labels that `drop_classes` or `keep_classes` take out: names, numbers, a group by count, or `largest`."""
    labels = manifest.labels
    if stage.drop_classes is not None and stage.keep_classes is not None:
        raise UserError("a stage has drop_classes and keep_classes; write one of them.")
    key = "drop_classes" if stage.drop_classes is not None else "keep_classes"
    wanted = getattr(stage, key)
    if wanted is None:
        return set()
    with at(key):
        named = _named(wanted, manifest, train)
    gone = named if stage.drop_classes is not None else set(labels) - named
    if gone == set(labels):
        raise UserError("drop_classes and keep_classes leave no class to train on; keep at least one.")
    return gone


def balanced_rows(targets: npt.NDArray[Any], rows: Rows, per_class: int, seed: int) -> Rows:
    """`per_class` of `rows` for each class that has any: all of them as often as they fit, the rest drawn.

    Stage three of the three-stage strategy draws 5,000 a class "with replacement"; a class that has fewer rows than
    that still shows each of them, and equally often up to one.
    """
    draw = stream(seed, 0)
    picked = [_filled(members, per_class, draw) for members in rows_by_label(targets[rows]) if len(members)]
    return rows[np.concatenate(picked)] if picked else rows


def _filled(members: Rows, wanted: int, draw: np.random.Generator) -> Rows:
    whole, rest = divmod(wanted, len(members))
    return np.concatenate([np.tile(members, whole), draw.permutation(members)[:rest]]).astype(np.int64)


def _train_rows(manifest: Manifest, splits: Sequence[str]) -> Rows:
    if not manifest.has("split"):
        raise UserError(
            f"{manifest.path or 'the manifest'} has no column 'split'; run `longtail data split` on it, or name the"
            " column with the role 'split'."
        )
    if TEST in splits:
        raise UserError("a stage's rows name the split 'test'; losses never see it: write train, or [train, val].")
    with at("rows"):
        return np.sort(np.concatenate([manifest.rows_of(split) for split in splits]))


def _valid_rows(manifest: Manifest, splits: Sequence[str]) -> Rows:
    """The validation rows, none when the stage trains on them."""
    held_out = VALIDATION not in splits and VALIDATION in set(manifest.column("split"))
    return manifest.rows_of(VALIDATION) if held_out else np.zeros(0, dtype=np.int64)


def _named(wanted: str | Sequence[str | int], manifest: Manifest, train: Rows) -> set[str]:
    if not isinstance(wanted, str):
        return {_label(each, place, manifest.labels) for place, each in enumerate(wanted)}
    if wanted == LARGEST:
        return {manifest.labels[int(manifest.counts(train).argmax())]}
    if wanted not in GROUPS:
        raise unknown_name("group of classes", wanted, (*GROUPS, LARGEST))
    bounds = group_boundaries(manifest.task, len(train))
    groups = label_groups(manifest.counts(train), head=bounds.head, tail=bounds.tail)
    return {label for label, group in zip(manifest.labels, groups, strict=True) if group == wanted}


def _label(name: str | int, place: int, labels: Sequence[str]) -> str:
    if str(name) in labels:
        return str(name)
    if isinstance(name, int) and 0 <= name < len(labels):
        return labels[name]
    with at(place):
        if isinstance(name, int):
            raise UserError(f"there is no class number {name}; valid are 0 to {len(labels) - 1}, or names.")
        raise unknown_name("class", name, labels)


def _without(chosen: Selection, new_head: bool) -> Selection:
    """The selection without the labels that are not active: not in the targets, and no rows that have nothing else."""
    targets = _hidden(chosen.targets, chosen.active)
    kept = chosen.train[_has_something(targets[chosen.train], chosen.targets[chosen.train])]
    valid = chosen.valid[_has_something(targets[chosen.valid], chosen.targets[chosen.valid])]
    if not new_head:
        return replace(chosen, targets=targets, train=kept, valid=valid)
    labels = tuple(label for label, stays in zip(chosen.labels, chosen.active, strict=True) if stays)
    smaller = targets[:, chosen.active] if targets.ndim == 2 else _renumbered(targets, chosen.active)
    return Selection(labels, smaller, kept, valid, np.ones(len(labels), dtype=bool), {})


def _hidden(targets: npt.NDArray[Any], active: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """States with those of other labels unknown."""
    if targets.ndim == 2:
        return np.where(active, targets, np.nan).astype(np.float32)
    known = targets != UNKNOWN_CLASS
    return np.where(known & active[np.where(known, targets, 0)], targets, UNKNOWN_CLASS)


def _renumbered(classes: npt.NDArray[Any], active: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    new = np.cumsum(active) - 1
    return np.where(classes == UNKNOWN_CLASS, UNKNOWN_CLASS, new[np.where(classes == UNKNOWN_CLASS, 0, classes)])


def _has_something(targets: npt.NDArray[Any], before: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Rows that did not only have labels that are gone; those that had none at all stay (normal images)."""
    if targets.ndim == 1:
        return np.asarray(targets != UNKNOWN_CLASS)
    return np.asarray((targets == 1).any(axis=1) | ~(before == 1).any(axis=1))


def _oversampled(chosen: Selection, rule: Oversample, judged: Mapping[str, float] | None) -> Selection:
    if judged is None:
        raise UserError(f"oversampling is judged by '{rule.judged_by}', which has no validation predictions.")
    flagged = {label: judged[label] for label in chosen.labels if judged.get(label, np.nan) < rule.below_ap}
    numbers = [chosen.labels.index(label) for label in flagged]
    targets = chosen.targets[chosen.train]
    copies = oversampled_copies(targets, numbers, times=rule.copies, per="row" if rule.once else "label")
    return replace(chosen, train=np.repeat(chosen.train, copies), flagged=flagged)


def _checked(chosen: Selection, stage: Stage) -> Selection:
    if not len(chosen.train):
        raise UserError(f"no row is left to train on in {listing(stage.rows)} after dropping classes; drop fewer.")
    return chosen
