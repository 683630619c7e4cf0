"""Head, medium and tail: groups of labels by their number of training images.

Single label, as the literature does: head above 100 images, tail below 20, and exactly 100 or 20 is medium
(OLTR, Liu et al., CVPR 2019, zhmiao/OpenLongTailRecognition-OLTR `utils.shot_acc`: many / medium / few shot).
Multi-label: counts grow with the data set, so the default is a share of the training images, as in the CXR-LT
challenges (Holste et al., MedIA 2024): head above 10 %, tail below 1 %. Boundaries are always shown with the groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError

GROUPS = ("head", "medium", "tail")
SINGLE_HEAD, SINGLE_TAIL = 100, 20
MULTI_HEAD, MULTI_TAIL = 0.10, 0.01


@dataclass(frozen=True)
class Boundaries:
    """Head is above `head` images, tail below `tail`; `rule` says where the two numbers come from."""

    head: int
    tail: int
    rule: str


def empty_tail(tail: int) -> str:
    """Words that follow the boundary of a tail that no label with an image can be in, as in small tables; else ''."""
    return " (so only labels without any; --tail N sets another, for so small a table)" if tail <= 1 else ""


def label_groups(
    counts: Sequence[int] | npt.NDArray[np.int64], *, head: int = SINGLE_HEAD, tail: int = SINGLE_TAIL
) -> list[str]:
    """`head`, `medium` or `tail` for each label's count; a count equal to a boundary is medium."""
    if head < tail:
        raise UserError(f"head starts above {head:,} images but tail ends below {tail:,}; head must be at least tail.")
    return ["head" if count > head else "tail" if count < tail else "medium" for count in counts]


def group_boundaries(task: str, rows: int, *, head: int | None = None, tail: int | None = None) -> Boundaries:
    """The boundaries for `rows` training images; a stated one wins, and moves an unstated one out of its way."""
    if task == "singlelabel":
        usual, rule = (SINGLE_HEAD, SINGLE_TAIL), "the literature's for single label"
    else:  # more than 10 % of the rows; fewer than 1 % of them
        fewest = -(-rows // round(1 / MULTI_TAIL))
        usual = (max(rows // round(1 / MULTI_HEAD), fewest), fewest)
        rule = f"{MULTI_HEAD:.0%} and {MULTI_TAIL:.0%} of {rows:,} images"
    if head is None and tail is None:
        return Boundaries(*usual, rule)
    top = head if head is not None else max(usual[0], tail or 0)
    return Boundaries(top, tail if tail is not None else min(usual[1], top), "as stated")
