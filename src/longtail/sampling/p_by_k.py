"""P x K batches for metric learning: P labels, K rows of each, so that every anchor has positives.

Paper: Hermans et al., In Defense of the Triplet Loss, 2017. The batch size must be P x K (over all processes; K a
multiple of their number keeps K / world rows of each label on every one). The P labels of a batch are different and all
labels are equally likely; a label's K rows are different where it has K, and repeat where it has not.

Several labels per image: a row is drawn for one of its labels, and may come again in the batch for another.
"""

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import stream
from longtail.sampling.labels import Rows, label_chances, num_rows, rows_by_label


@SAMPLERS.register("p_by_k", paper="Hermans et al. 2017")
def p_by_k_order(
    targets: npt.ArrayLike,
    seed: int,
    epoch: int,
    *,
    labels_per_batch: int = 8,
    rows_per_label: int = 4,
    batches: int | None = None,
) -> Rows:
    """Batches of P labels with K rows each, for triplet and contrastive losses."""
    rows, rng = rows_by_label(targets), stream(seed, epoch)
    there = np.flatnonzero(label_chances(rows, 1.0))
    if labels_per_batch < 1 or rows_per_label < 1 or labels_per_batch > len(there):
        raise UserError(
            f"labels_per_batch is {labels_per_batch}, rows_per_label {rows_per_label}; choose 1 or more of both, and no"
            f" more labels than the {len(there)} that have rows."
        )
    count = max(num_rows(targets) // (labels_per_batch * rows_per_label), 1) if batches is None else batches
    labels = rng.permuted(np.tile(there, (count, 1)), axis=1)[:, :labels_per_batch]
    order = np.empty((count, labels_per_batch, rows_per_label), dtype=np.int64)
    for label in there:
        places = labels == label
        order[places] = rows_in_groups(rows[label], int(places.sum()), rows_per_label, rng)
    return order.reshape(-1)


def rows_in_groups(rows: Rows, count: int, size: int, rng: np.random.Generator) -> Rows:
    """`count` groups of `size` rows, `(count, size)`: different within a group while there are enough of them."""
    in_turn = max(len(rows) // size, 1)  # groups from one shuffle
    shuffles = rng.permuted(np.tile(rows, (-(-count // in_turn), 1)), axis=1)
    if len(rows) < size:
        return shuffles[:, np.arange(size) % len(rows)]
    return shuffles[:, : in_turn * size].reshape(-1, size)[:count]
