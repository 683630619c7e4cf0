"""How even a split is: each label's share in each part against the part's share of all images."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.grouping import grouping_columns, leaking_groups
from longtail.data.manifest import Manifest
from longtail.errors import UserError, listing

_USUAL = {"train": 0, "val": 1, "test": 2}


def split_report(manifest: Manifest, column: str = "split") -> pd.DataFrame:
    """A row per label (after one for all images): `label`, `images`, a count `P` and a share `P share` for each part P,
    and `deviation`, the largest relative distance of such a share from the part's share of all images (0 = perfect).

    A label of 100 images of which 12 are in a part that has 0.10 of all images deviates by 0.2 there. A label without
    images has no shares (nan). Rows without a part are left out.
    """
    values = manifest.column(column)
    parts = part_names(values)
    if not parts:
        raise UserError(f"column '{column}' is empty in every row; fill it with 'longtail data split'.")
    inside = values != ""
    positive = np.column_stack([np.ones(len(manifest), dtype=bool), manifest.one_hot == 1])[inside]
    counts = np.stack([positive[values[inside] == part].sum(axis=0) for part in parts], axis=1)
    shares = label_shares(counts)
    report = pd.DataFrame({"label": ["all images", *manifest.labels], "images": counts.sum(axis=1)})
    for i, part in enumerate(parts):
        report[part], report[f"{part} share"] = counts[:, i], shares[:, i]
    return report.assign(deviation=largest_deviation(counts))


def part_names(values: npt.NDArray[np.object_]) -> list[str]:
    """The parts in a column: train, val, test first, then numbers by value, then the rest by name."""
    found = set(values) - {""}
    return sorted(
        found, key=lambda name: (_USUAL.get(name, 3), not name.isdigit(), int(name) if name.isdigit() else 0, name)
    )


def label_shares(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Counts `(L, parts)` as shares of each row's sum; nan where that is 0."""
    total = counts.sum(axis=1, keepdims=True).astype(float)
    shares = np.full(counts.shape, np.nan)
    np.divide(counts, total, out=shares, where=total > 0)
    return shares


def largest_deviation(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """For counts `(L, parts)`, all images first: max over parts of |share / share of all images - 1|, `(L,)`."""
    shares = label_shares(counts)
    return np.asarray(np.abs(shares / shares[0] - 1).max(axis=1))


def split_warnings(manifest: Manifest, column: str = "split") -> list[str]:
    """What a user of these parts should know: groups that leak, labels that a part lacks."""
    leaks = {by: leaking_groups(manifest, by, column) for by in grouping_columns(manifest)}
    said = [
        f"{count:,} group{'s' * (count != 1)} of column '{by}' {'have' if count > 1 else 'has'} images in more than one"
        f" part, so scores will be too good; split with --by {by} for parts that share none."
        for by, count in leaks.items()
        if count
    ]
    report = split_report(manifest, column)
    for part in part_names(manifest.column(column)):
        lacking = report.loc[(report["images"] > 0) & (report[part] == 0), "label"].tolist()
        if lacking:
            said.append(f"'{part}' has no image with {listing(lacking)}, so such a label has no score there.")
    return said


def split_table(manifest: Manifest, column: str = "split") -> tuple[list[str], list[list[object]]]:
    """`split_report` for people: column names, and rows such as `Hernia, 110, 88 (80.0%), 22 (20.0%), 0.2%`."""
    report = split_report(manifest, column)
    parts = part_names(manifest.column(column))
    cells: list[list[object]] = []
    for row in report.to_dict("records"):
        counted = [f"{row[part]:,} ({row[f'{part} share']:.1%})" if row["images"] else "0" for part in parts]
        cells.append([row["label"], row["images"], *counted, f"{row['deviation']:.1%}" if row["images"] else ""])
    return ["label", "images", *parts, "largest deviation"], cells
