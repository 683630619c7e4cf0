"""What several readers of one image marked, merged into one set of labels and boxes."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.boxes import SIDES

NO_FINDING = "No finding"
Sides = npt.NDArray[np.float64]


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
    rows = []
    for (image, label), group in drawn.groupby(["image", "label"], sort=True):
        need = min(agree, readers[str(image)])
        sides = group[list(SIDES)].to_numpy(dtype=np.float64)
        found = clusters(sides, group["reader"].tolist(), iou)
        rows += [(image, label, *sides[members].mean(axis=0)) for members in found if len(members) >= need]
    return pd.DataFrame(rows, columns=["image", "label", *SIDES])


def clusters(sides: Sides, readers: Sequence[str], iou: float) -> Iterator[list[int]]:
    """Groups of boxes `(N, 4)` that mean one finding, as row indices.

    Boxes are taken in turn: each joins the group whose mean box it overlaps most, if by `iou` or more and if its reader
    has no box there yet (one reader has one vote); else it begins a group.
    """
    groups: list[list[int]] = []
    for i, box in enumerate(sides):
        best, most = None, 0.0
        for group in groups:
            overlap = intersection_over_union(box, sides[group].mean(axis=0))
            if overlap >= iou and overlap > most and readers[i] not in [readers[k] for k in group]:
                best, most = group, overlap
        if best is None:
            groups.append([i])
        else:
            best.append(i)
    yield from groups


def intersection_over_union(a: Sides, b: Sides) -> float:
    """Of two boxes (left, top, right, bottom)."""
    shared = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))
