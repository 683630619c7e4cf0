"""Instance sampling: every row once, in a new order each epoch. What training does when nothing is balanced."""

import numpy.typing as npt

from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import stream
from longtail.sampling.labels import Rows, num_rows


@SAMPLERS.register("instance", code="torch RandomSampler")
def instance_order(targets: npt.ArrayLike, seed: int, epoch: int) -> Rows:
    """Every row once, shuffled."""
    return stream(seed, epoch).permutation(num_rows(targets))
