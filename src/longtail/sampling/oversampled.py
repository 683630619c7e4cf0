"""Oversampling by label: rows of chosen labels come several times, all others once.

Stage training for CXR-LT doubles the rows of labels whose validation AP is low. Its text does not say whether a row
with two such labels is doubled once or twice: once here, `per: label` for the other reading.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, listing
from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import stream
from longtail.sampling.labels import Rows, num_rows, rows_by_label


def oversampled_copies(
    targets: npt.ArrayLike, labels: Sequence[int], *, times: int = 2, per: Literal["row", "label"] = "row"
) -> npt.NDArray[np.int64]:
    """How often each row comes, `(N,)`: `times` if it has any of `labels`, or 1 and `times - 1` more for each."""
    rows = rows_by_label(targets)
    if times < 1 or any(not 0 <= label < len(rows) for label in labels):
        raise UserError(
            f"oversampling labels {listing(labels)} {times} times; times is 1 or more, labels are numbers from 0 to"
            f" {len(rows) - 1}."
        )
    flags = np.zeros(num_rows(targets), dtype=np.int64)
    for label in set(labels):
        flags[rows[label]] += 1
    return 1 + (times - 1) * (flags if per == "label" else np.minimum(flags, 1))


@SAMPLERS.register("oversampled", paper="stage training for CXR-LT")
def oversampled_order(
    targets: npt.ArrayLike,
    seed: int,
    epoch: int,
    *,
    labels: Sequence[int] = (),
    times: int = 2,
    per: Literal["row", "label"] = "row",
) -> Rows:
    """Every row once, rows that have any of `labels` (their numbers) `times` times."""
    copies = oversampled_copies(targets, labels, times=times, per=per)
    return stream(seed, epoch).permutation(np.repeat(np.arange(len(copies)), copies))
