"""The patches that can be pasted: every box of the manifest, in pixels of its prepared image.

Pixels aren't copied: a patch is a slice of the memory-mapped prepared images, so any number of boxes costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.augment.paste.framing import frame_of
from longtail.data.images.decode import image_size
from longtail.data.images.prepared import Prepared
from longtail.data.images.resize import transform_boxes
from longtail.data.manifest import Manifest

Ints = npt.NDArray[np.int64]
_SIDES = ["left", "top", "right", "bottom"]


@dataclass(frozen=True, eq=False)
class PatchBank:
    """`P` patches: row of the image, label and box (left, top, right, bottom, whole pixels); frames by image.

    `frames` `(N, 4)`: the part of each prepared image that is the image itself and not a border that `pad` added.
    """

    rows: Ints  # (P,)
    labels: Ints  # (P,)
    boxes: Ints  # (P, 4)
    frames: Ints  # (N, 4)
    left_out: dict[str, int]  # boxes that are no patches, by reason

    def __len__(self) -> int:
        return len(self.rows)

    def of_row(self, row: int) -> Ints:
        """The patches cut from one image."""
        start, stop = np.searchsorted(self.rows, [row, row + 1])
        return np.arange(start, stop)


def patch_bank(
    manifest: Manifest, prepared: Prepared, rows: npt.NDArray[np.int64] | Sequence[int], *, min_side: int = 4
) -> PatchBank:
    """The patches of some rows of a manifest; `prepared` has its images, in its order.

    A box whose label the image hasn't (state 0), that `crop` cut off, or with a side below `min_side` is left out.
    """
    table = boxes_of(manifest, np.asarray(rows, dtype=np.int64))
    sides, sizes = _moved(manifest, prepared, table), _sizes(manifest, prepared)
    states = manifest.one_hot[table["row"], table["code"]]
    denied = states == 0
    small = ((sides[:, 2:] - sides[:, :2]) < min_side).any(axis=1) & ~denied
    good = ~denied & ~small
    frames = np.array([frame_of(size, prepared.key.size, prepared.key.resize) for size in sizes], dtype=np.int64)
    counts = {"the image lacks the label": int(denied.sum()), f"under {min_side} pixels": int(small.sum())}
    columns = (table["row"].to_numpy(np.int64)[good], table["code"].to_numpy(np.int64)[good], sides[good])
    return PatchBank(*columns, frames.reshape(-1, 4), {reason: count for reason, count in counts.items() if count})


def boxes_of(manifest: Manifest, rows: Ints) -> pd.DataFrame:
    """The box table with the columns `row` and `code` (of the label), in the order of the rows."""
    table = manifest.boxes if manifest.boxes is not None else pd.DataFrame({n: [] for n in ("image", "label", *_SIDES)})
    place = pd.Series(rows, index=manifest.table["image"].to_numpy()[rows])
    code = pd.Series(np.arange(len(manifest.labels)), index=list(manifest.labels))
    table = table.assign(row=table["image"].map(place), code=table["label"].map(code)).dropna(subset=["row", "code"])
    table = table.astype({"row": np.int64, "code": np.int64})
    return table.sort_values(["row", "code", *_SIDES], kind="stable").reset_index(drop=True)


def _moved(manifest: Manifest, prepared: Prepared, table: pd.DataFrame) -> Ints:
    """Boxes in whole pixels of the prepared images `(B, 4)`, rounded outwards from what they cover by half."""
    key, found = prepared.key, np.zeros((len(table), 4))
    for row, part in table.groupby("row", sort=False):
        size = _original(manifest.image_paths[int(str(row))], key.size)
        found[part.index] = transform_boxes(part[_SIDES].to_numpy(float), size, key.size, key.resize)
    return np.round(found).astype(np.int64)


def _sizes(manifest: Manifest, prepared: Prepared) -> list[tuple[int, int]]:
    """Each image's (height, width) where the resize rule makes it matter; reading every header costs time."""
    if prepared.key.resize != "pad":
        return [(prepared.key.size, prepared.key.size)] * len(manifest)
    return [_original(path, prepared.key.size) for path in manifest.image_paths]


def _original(path: Path, size: int) -> tuple[int, int]:
    """(height, width) of an image file; that of the prepared image where its header can't be read."""
    found = image_size(path)  # (width, height)
    return (found[1], found[0]) if found else (size, size)
