"""Cutting a manifest down to a long tail."""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.division.profiles import Rounding, head_share_counts, long_tail_counts
from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing, unknown_name

Order = Literal["listed", "frequency"]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def tail(
    manifest: Manifest,
    *,
    ratio: float | None = None,
    n_max: int | None = None,
    head_share: float | None = None,
    head: str | None = None,
    order: Order = "listed",
    within: str | None = "train",
    rounding: Rounding = "round",
    seed: int = 0,
) -> Manifest:
    """The manifest with images taken out of the split `within` until a long tail is left there.

    `within` None, or a manifest without splits: out of all rows. Images with no label (or an unknown class) stay.
    `ratio`: the exponential profile of `long_tail_counts` over the labels as `order` has them ("listed", as the papers
    do, or by "frequency"), from `n_max` images (default: as many as the first label has). `head_share` (one class per
    image only): the class `head` (default: the first) holds that share, see `head_share_counts`.
    A label with fewer images than its target keeps all of them.

    One class per image: each class is drawn at random to its target; with the same seed and n_max, a larger ratio keeps
    a subset. Multi-label: targets are upper bounds. From the smallest target up, images go whose label has too many,
    first those whose other labels have too many as well; a label can still end below its target.
    """
    rows = tail_rows(manifest, within)
    states = manifest.one_hot[rows] == 1
    targets = tail_targets(
        manifest, rows, ratio=ratio, n_max=n_max, head_share=head_share, head=head, order=order, rounding=rounding
    )
    gone = _surplus(states, targets, seed) if manifest.task == "multilabel" else _drawn(states, targets, seed)
    return manifest.select(np.setdiff1d(np.arange(len(manifest)), rows[gone]))


def tail_rows(manifest: Manifest, within: str | None = "train") -> Ints:
    """Rows that `tail` may cut: those of the split `within`, or all where there is none."""
    if within is None or not manifest.has("split") or (manifest.column("split") == "").all():
        return np.arange(len(manifest))
    return manifest.rows_of(within)


def tail_targets(
    manifest: Manifest,
    rows: Ints,
    *,
    ratio: float | None = None,
    n_max: int | None = None,
    head_share: float | None = None,
    head: str | None = None,
    order: Order = "listed",
    rounding: Rounding = "round",
) -> Ints:
    """How many images of each label `tail` asks for among `rows`, `(C,)`; the arguments are those of `tail`."""
    counts = manifest.counts(rows)
    ranking = _ranking(counts, order)
    if n_max is not None and n_max < 1:
        raise UserError(f"n_max is {n_max}; the first class must keep 1 image or more.")
    if head is not None and head not in manifest.labels:
        raise unknown_name("label", head, manifest.labels, str(manifest.path or "the manifest"))
    targets = np.zeros(len(counts), dtype=np.int64)
    if head_share is not None:
        if manifest.task == "multilabel":
            raise UserError("a head share needs one class per image; for a multi-label manifest give a ratio instead.")
        first = int(np.flatnonzero(ranking == manifest.labels.index(head))[0]) if head else 0
        targets[ranking] = head_share_counts(counts[ranking].tolist(), head_share, head=first, n_max=n_max, ratio=ratio)
        return targets
    if ratio is None or head is not None:
        raise UserError(
            "say what the tail is: a ratio such as 100, or a head share such as 0.8 (and a head only with a share)."
        )
    first = n_max or _first(counts, ranking, manifest)
    targets[ranking] = long_tail_counts(first, ratio, len(counts), rounding=rounding)
    if none := [manifest.labels[i] for i in np.flatnonzero(targets == 0)]:
        raise UserError(
            f"at ratio {ratio:g} from {first:,} images, {listing(none)} would have none;"
            " ask for a smaller ratio or a larger n_max."
        )
    return targets


def tail_report(before: Manifest, after: Manifest, *, within: str | None = "train", **asked: Any) -> pd.DataFrame:
    """A row per label: `label`, images `before`, `target`, images `after`, among the rows that `tail` may cut.

    `asked`: what `tail` was asked for (`ratio`, `n_max`, ...).
    """
    rows = tail_rows(before, within)
    counts = {"before": before.counts(rows), "target": tail_targets(before, rows, **asked)}
    return pd.DataFrame({"label": list(before.labels), **counts, "after": after.counts(tail_rows(after, within))})


def imbalance_ratio(counts: Ints) -> float:
    """The largest count over the smallest above 0; nan where all are 0."""
    some = np.asarray(counts)[np.asarray(counts) > 0]
    return float(some.max() / some.min()) if some.size else float("nan")


def _ranking(counts: Ints, order: Order) -> Ints:
    """Label indices from the head of the profile to its tail."""
    if order not in get_args(Order):
        raise unknown_name("order", order, get_args(Order))
    return np.argsort(-counts, kind="stable") if order == "frequency" else np.arange(len(counts))


def _first(counts: Ints, ranking: Ints, manifest: Manifest) -> int:
    if counts[ranking[0]] == 0:
        raise UserError(
            f"the first label '{manifest.labels[ranking[0]]}' has no image to start the profile from;"
            " give n_max, or order the labels by frequency."
        )
    return int(counts[ranking[0]])


def _drawn(states: Bools, targets: Ints, seed: int) -> Ints:
    """Rows to take out so that each class has its target, `states` being one-hot `(N, C)`."""
    gone = []
    for label, target in enumerate(targets.tolist()):
        rows = np.flatnonzero(states[:, label])
        gone.append(np.random.default_rng([seed, label]).permutation(rows)[target:])  # each class has its own dice
    return np.concatenate(gone)


def _surplus(states: Bools, targets: Ints, seed: int) -> Ints:
    """Rows to take out so that no label has more than its target, taking little from labels that have no surplus."""
    counts = states.sum(axis=0)
    kept = np.ones(len(states), dtype=bool)
    for label in np.argsort(targets, kind="stable").tolist():
        for harmless in (True, False):  # first rows that cost no other label an image it needs, then any
            rows = np.random.default_rng([seed, label]).permutation(np.flatnonzero(kept & states[:, label]))
            hurt = (states[rows] & (counts <= targets)).sum(axis=1)
            for row in rows[np.argsort(hurt, kind="stable")].tolist():
                if counts[label] <= targets[label]:
                    break
                if harmless and (states[row] & (counts <= targets)).any():
                    continue
                kept[row] = False
                counts = counts - states[row]
    return np.flatnonzero(~kept)


def tail_warnings(report: pd.DataFrame) -> list[str]:
    """What did not come out as asked: labels that had too few images, or lost some beside other labels."""
    few = report[report["before"] < report["target"]]
    lost = report[(report["before"] >= report["target"]) & (report["after"] < report["target"])]
    said = []
    if len(few):
        reach = int(report["target"].max() * (report["before"] / report["target"]).min())
        said.append(
            f"{_with_counts(few)} had fewer images than their target to begin with;"
            f" the whole profile can be had from {max(reach, 1):,} images down (n_max)."
        )
    if len(lost):
        said.append(
            f"{_with_counts(lost)} ended below their target, since they share images with labels that were cut."
        )
    return said


def _with_counts(rows: pd.DataFrame) -> str:
    return listing([f"{row.label} ({row.after:,} of {row.target:,})" for row in rows.itertuples()])
