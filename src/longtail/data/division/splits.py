"""Splits and folds of a manifest: whole groups, each part with its share of every label."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from longtail.data.division.presence import present_everywhere
from longtail.data.division.ratios import DEFAULT_RATIOS, parse_ratios
from longtail.data.division.stratify import group_codes, normalised, stratified_group_parts
from longtail.data.grouping import group_values, grouping_column
from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing, unknown_name

Method = Literal["stratified", "group-k-fold", "random"]
Ints = npt.NDArray[np.int64]


def split(
    manifest: Manifest,
    ratios: str | Sequence[float] | None = None,
    *,
    by: str | None = None,
    seed: int = 0,
    method: Method = "stratified",
    keep: Sequence[str] = (),
) -> Manifest:
    """The manifest with its column `split` filled: train and val for two ratios; train, val and test for three.

    `ratios`: `"75/5/20"`, `(0.8, 0.2)` ... (default 70/10/20). `by`: the column whose groups stay whole (default:
    patient, else lesion, else study, else each image on its own); an empty cell is a group of its own.
    `method`: "stratified" (see `stratify`), "random" (groups drawn blindly), or "group-k-fold": scikit-learn's
    `GroupKFold`, first fold as val (default 80/20, that is 5 folds), as the stage-training paper did.
    `keep`: splits whose rows stay as they are, such as ("test",); the ratios then hold among the others.
    """
    if method not in get_args(Method):
        raise unknown_name("method", method, get_args(Method))
    parts = parse_ratios(ratios if ratios is not None else DEFAULT_RATIOS[method == "group-k-fold"])
    free = _free_rows(manifest, keep)
    names = [name for name in parts if name not in keep]
    shares = [parts[name] for name in names]
    if len(names) < 2:
        raise UserError(f"with {', '.join(keep)} kept there is nothing to divide but {names}; give more ratios.")
    indices = _divide(manifest.select(free) if keep else manifest, shares, by, seed, method)
    values = manifest.column("split").copy() if keep else np.empty(len(manifest), dtype=object)
    values[free] = np.array(names, dtype=object)[indices]
    return manifest.with_column("split", values)


def kfold(manifest: Manifest, k: int, *, by: str | None = None, seed: int = 0, keep: Sequence[str] = ()) -> Manifest:
    """The manifest with a column `fold` of "0" .. str(k - 1): whole groups, every fold with its share of each label.

    A label that at least `k` groups have is in every fold, wherever some assignment can do that for all labels.
    `keep`: splits that are not to be folded, such as ("test",); their rows get no fold.
    """
    if k < 2:
        raise UserError(f"{k} folds cannot be made; ask for 2 or more.")
    free = _free_rows(manifest, keep)
    values = np.full(len(manifest), "", dtype=object)
    values[free] = _divide(manifest.select(free) if keep else manifest, [1 / k] * k, by, seed, "stratified").astype(str)
    return manifest.with_column("fold", values)


def random_group_parts(groups: npt.NDArray[np.generic], shares: Sequence[float], *, seed: int = 0) -> Ints:
    """The part of each row, `(N,)`, with whole groups drawn blindly until each part has its share of the rows."""
    codes, sizes = group_codes(groups)
    wanted = normalised(shares, len(sizes))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(sizes))
    middle = (np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum()
    parts = np.empty(len(sizes), dtype=np.int64)
    parts[order] = np.searchsorted(np.cumsum(wanted)[:-1], middle)
    nothing = np.zeros((len(sizes), 0), dtype=bool)  # no label is asked for; only that no part is empty
    return present_everywhere(nothing, sizes, parts, len(wanted), rng)[codes]


def group_k_fold_parts(groups: npt.NDArray[np.object_], folds: int) -> Ints:
    """0 (train) or 1 (val: scikit-learn's first fold of `GroupKFold(folds)`) for each row, `(N,)`.

    Groups written as integers are compared as such, since pandas would have handed them to scikit-learn that way.
    """
    from sklearn.model_selection import GroupKFold

    _, sizes = group_codes(groups)
    normalised([1.0] * folds, len(sizes))  # a group for each fold, or the error
    _, val = next(GroupKFold(folds).split(groups, groups=_as_numbers(groups)))
    parts = np.zeros(len(groups), dtype=np.int64)
    parts[val] = 1
    return parts


def _divide(manifest: Manifest, shares: list[float], by: str | None, seed: int, method: Method) -> Ints:
    column = grouping_column(manifest, by)
    groups = group_values(manifest, column)
    if seed < 0:
        raise UserError(f"the seed {seed} is negative; use 0 or any positive integer.")
    if (found := len(set(groups))) < len(shares):
        raise UserError(
            f"{manifest.path or 'the manifest'} has {found:,} group{'s' * (found != 1)} to divide by '{column}', too"
            f" few for {len(shares)} parts; ask for fewer parts or split by a finer column ('image' is the finest)."
        )
    if method == "group-k-fold":
        return group_k_fold_parts(groups, _folds(shares))
    if method == "random":
        return random_group_parts(groups, shares, seed=seed)
    return stratified_group_parts(manifest.one_hot, groups, shares, seed=seed)


def _free_rows(manifest: Manifest, keep: Sequence[str]) -> Ints:
    """Rows that are to be divided: all but those in a kept split."""
    fixed = np.zeros(len(manifest), dtype=bool)
    if keep and not manifest.has("split"):
        raise UserError(
            f"{manifest.path or 'the manifest'} has no column 'split', so no {listing(keep)} to keep; leave out --keep,"
            " or name the column with --split."
        )
    for name in keep:
        fixed[manifest.rows_of(name)] = True
    if fixed.all():
        raise UserError(f"every row is in a kept split ({', '.join(keep)}); nothing is left to divide.")
    return np.flatnonzero(~fixed)


def _folds(shares: list[float]) -> int:
    folds = round(sum(shares) / shares[-1])
    if len(shares) != 2 or abs(sum(shares) / shares[-1] - folds) > 1e-6:
        raise UserError(
            "group-k-fold makes train and val, with val one of k equal folds: give two ratios such as 80/20 (5 folds)"
            " or 90/10 (10), or use the method 'stratified'."
        )
    return folds


def _as_numbers(groups: npt.NDArray[np.object_]) -> npt.NDArray[np.generic]:
    if all(text.isascii() and text.isdigit() and len(text) < 19 for text in groups):
        numbers = groups.astype(np.int64)
        if len(np.unique(numbers)) == len(set(groups)):  # "7" and "07" are two groups
            return numbers
    return groups.astype(str)
