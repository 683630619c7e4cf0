"""Power sampling: labels in proportion to their count to a power, between as they come (1) and equally often (0).

Paper: Mahajan et al., Exploring the Limits of Weakly Supervised Pretraining, ECCV 2018, for the square root; Kang et
al., Decoupling, ICLR 2020, for the family. With several labels per image a row is drawn through any of its labels, and
power 1 shows a row in proportion to how many it has.
"""

import numpy as np
import numpy.typing as npt

from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import draw, rows_of_labels, stream
from longtail.sampling.labels import Chances, Rows, counts_of, label_chances, num_rows, row_chances, rows_by_label


def power_chances(targets: npt.ArrayLike, power: float) -> Chances:
    """Each row's chance per draw, `(N,)`, when label c is drawn with a chance in proportion to `n_c ** power`."""
    rows = rows_by_label(targets)
    return row_chances(rows, label_chances(rows, counts_of(rows) ** power), num_rows(targets))


@SAMPLERS.register("power", paper="Mahajan et al. 2018, Kang et al. 2020", code="classifier-balancing")
def power_order(targets: npt.ArrayLike, seed: int, epoch: int, *, power: float = 0.5, size: int | None = None) -> Rows:
    """Labels in proportion to their count to a power: 1 as they come, 0 equally often, below 0 rare ones most."""
    rows, rng = rows_by_label(targets), stream(seed, epoch)
    chances = label_chances(rows, counts_of(rows) ** power)
    labels = draw(chances, num_rows(targets) if size is None else size, rng)
    return rows_of_labels(np.asarray(labels), rows, rng)


@SAMPLERS.register("square_root", paper="Mahajan et al. 2018", code="classifier-balancing")
def square_root_order(targets: npt.ArrayLike, seed: int, epoch: int, *, size: int | None = None) -> Rows:
    """Labels in proportion to the square root of their count."""
    return power_order(targets, seed, epoch, power=0.5, size=size)
