"""Class-aware sampling: every label equally often, then one of its rows.

Paper: Shen et al., Relay Backpropagation, ECCV 2016; the second stage of Kang et al., Decoupling, ICLR 2020 (cRT).
Code: facebookresearch/classifier-balancing (BSD), `ClassAwareSampler.py`, which goes through labels, and through the
rows of each label, in turn; so does this. There an epoch is C times the largest count; here it is as long as the data
unless `size` says otherwise.

Several labels per image: a row is drawn through any of its labels, so frequent labels that come along with rare ones
are still seen more often. Rows without a label are never drawn; where they matter, give them a label ("no finding").
"""

import numpy as np
import numpy.typing as npt

from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import draw_in_turn, rows_of_labels, stream
from longtail.sampling.labels import Chances, Rows, label_chances, num_rows, row_chances, rows_by_label


def class_aware_chances(targets: npt.ArrayLike) -> Chances:
    """Each row's chance per draw, `(N,)`: the mean over labels that have rows of 1 / n_c where it has label c."""
    rows = rows_by_label(targets)
    return row_chances(rows, label_chances(rows, 1.0), num_rows(targets))


@SAMPLERS.register("class_aware", paper="Shen et al. 2016, Kang et al. 2020", code="classifier-balancing")
def class_aware_order(targets: npt.ArrayLike, seed: int, epoch: int, *, size: int | None = None) -> Rows:
    """Every label equally often, then one of its rows."""
    rows, rng = rows_by_label(targets), stream(seed, epoch)
    there = np.flatnonzero(label_chances(rows, 1.0))
    labels = draw_in_turn(there, num_rows(targets) if size is None else size, rng)
    return rows_of_labels(labels, rows, rng)
