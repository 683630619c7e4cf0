"""Boxes that follow their images through a map."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from longtail.augment.plan import Plan
from longtail.augment.row_chances import Floats
from longtail.augment.step import Size


def moved_boxes(boxes: Sequence[npt.NDArray[np.floating]], plan: Plan) -> list[Floats]:
    """For each image its boxes `(n, 4)` left, top, right, bottom in pixels, in the new image.

    A box stays as many rows long and in the same order: it becomes the upright box around where its corners went, cut
    at the frame, and nan where nothing of it is left in the frame.
    """
    inverses = np.linalg.inv(plan.matrices)
    return [
        moved(np.asarray(own, np.float64), inverse, plan.size) for own, inverse in zip(boxes, inverses, strict=True)
    ]


def moved(boxes: Floats, matrix: Floats, size: Size) -> Floats:
    """Boxes `(n, 4)` through one map `(3, 3)` from old places to new, cut at a frame of `size`."""
    boxes = boxes.reshape(-1, 4)
    corners = np.stack([boxes[:, [0, 2, 0, 2]], boxes[:, [1, 1, 3, 3]]], axis=1)  # (n, 2, 4)
    corners = matrix[:2, :2] @ corners + matrix[:2, 2:]
    sides = np.concatenate([corners.min(axis=2), corners.max(axis=2)], axis=1)
    sides = sides.clip(0, np.array([size[1], size[0]] * 2))
    sides[(sides[:, 0] >= sides[:, 2]) | (sides[:, 1] >= sides[:, 3])] = np.nan
    return sides
