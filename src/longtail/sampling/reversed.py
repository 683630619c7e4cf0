"""Reversed sampling: the rarer a label, the more often; the second branch of BBN.

Paper: Zhou et al., BBN, CVPR 2020. Code: megvii-research/BBN (MIT): label c with chance w_c / sum w, w_c = n_max / n_c,
then any of its rows. It is power sampling with power -1.
"""

import numpy.typing as npt

from longtail.sampling import SAMPLERS
from longtail.sampling.labels import Rows
from longtail.sampling.power import power_order


@SAMPLERS.register("reversed", paper="Zhou et al. 2020", code="megvii-research/BBN")
def reversed_order(targets: npt.ArrayLike, seed: int, epoch: int, *, size: int | None = None) -> Rows:
    """Labels in proportion to 1 / count: the rarest most often."""
    return power_order(targets, seed, epoch, power=-1.0, size=size)
