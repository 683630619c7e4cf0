"""What several readers of one image marked, merged into one set of labels and boxes."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.boxes import SIDES

NO_FINDING = "No finding"
Box = tuple[float, float, float, float]  # left, top, right, bottom; plain numbers, since numpy is slow on four


def voted_states(
    marks: pd.DataFrame, images: Sequence[str], labels: Sequence[str], agree: int
) -> npt.NDArray[np.float32]:
    """`(N, C)` states: 1 where at least `agree` readers of the image (all, if it has fewer) marked the label, else 0.

    `marks` has the columns image, reader, label; '' as a label says only that the reader saw the image. "No finding"
    also needs that no other label is 1: with `agree=1`, one reader's finding outweighs another's silence.
    """
    at = pd.Index(images).get_indexer(pd.Index(marks["image"]))
    which = pd.Index(labels).get_indexer(pd.Index(marks["label"]))
    seen = pd.DataFrame({"at": at, "reader": marks["reader"]}).drop_duplicates()
    readers = np.bincount(seen["at"], minlength=len(images))
    said = pd.DataFrame({"at": at, "which": which, "reader": marks["reader"]})[which >= 0].drop_duplicates()
    votes = np.zeros((len(images), len(labels)), dtype=np.int64)
    np.add.at(votes, (said["at"].to_numpy(), said["which"].to_numpy()), 1)
    states = (votes >= np.minimum(agree, readers)[:, None]).astype(np.float32)
    if NO_FINDING in labels:
        none = list(labels).index(NO_FINDING)
        states[np.delete(states, none, axis=1).any(axis=1), none] = 0
    return states


def merged_boxes(marks: pd.DataFrame, agree: int, iou: float) -> pd.DataFrame:
    """image, label, left, top, right, bottom: a mean box for each group of overlapping boxes that `agree` readers drew.

    `marks` has the columns image, reader, label and the sides (nan without a box). Boxes without an area are left out.
    The number needed falls to the image's number of readers where that is smaller.
    """
    readers = marks.groupby("image")["reader"].nunique().to_dict()
    drawn = marks[(marks["right"] > marks["left"]) & (marks["bottom"] > marks["top"])]
    drawn = drawn.drop_duplicates(["image", "label", "reader", *SIDES]).sort_values(["reader", *SIDES], kind="stable")
    drawn = drawn.sort_values(["image", "label"], kind="stable")
    names = zip(drawn["image"], drawn["label"], strict=True)
    marked = zip(names, drawn["reader"], drawn[list(SIDES)].itertuples(index=False, name=None), strict=True)
    rows = []
    for (image, label), group in groupby(marked, key=itemgetter(0)):
        _, who, sides = zip(*group, strict=True)
        need = min(agree, readers[image])
        rows += [(image, label, *mean_box([sides[k] for k in c])) for c in clusters(sides, who, iou) if len(c) >= need]
    return pd.DataFrame(rows, columns=["image", "label", *SIDES])


def clusters(sides: Sequence[Box], readers: Sequence[str], iou: float) -> list[list[int]]:
    """Groups of boxes that mean one finding, as row indices.

    Boxes are taken in turn: each joins the group whose mean box it overlaps most, if by `iou` or more and if its reader
    has no box there yet (one reader has one vote); else it begins a group.
    """
    groups: list[list[int]] = []
    for i, box in enumerate(sides):
        best, most = None, 0.0
        for group in groups:
            overlap = intersection_over_union(box, mean_box([sides[k] for k in group]))
            if overlap >= iou and overlap > most and readers[i] not in [readers[k] for k in group]:
                best, most = group, overlap
        if best is None:
            groups.append([i])
        else:
            best.append(i)
    return groups


def mean_box(boxes: Sequence[Box]) -> Box:
    """Side by side."""
    left, top, right, bottom = (sum(side) / len(boxes) for side in zip(*boxes, strict=True))
    return left, top, right, bottom


def intersection_over_union(a: Box, b: Box) -> float:
    """Of two boxes with an area."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
