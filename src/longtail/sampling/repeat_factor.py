"""Repeat-factor sampling: rows with rare labels are repeated within the epoch, all others are kept once.

Paper: Gupta et al., LVIS, CVPR 2019; Mahajan et al., ECCV 2018. With f_c the share of rows that have label c, the
label's factor is max(1, sqrt(threshold / f_c)) and a row's is the largest of its labels'. A factor of 2.3 is two
copies, and a third in 30 % of the epochs, so that epochs differ a little in length. Nothing is left out.
"""

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import stream
from longtail.sampling.labels import Rows, num_rows, rows_by_label


def repeat_factors(targets: npt.ArrayLike, threshold: float = 0.001) -> npt.NDArray[np.float64]:
    """Each row's mean number of copies, `(N,)`, 1 or more."""
    if not 0 < threshold <= 1:
        raise UserError(f"threshold is {threshold}; choose a share of rows above 0 and up to 1.")
    factors = np.ones(num_rows(targets))
    for rows in rows_by_label(targets):
        if len(rows):
            factors[rows] = np.maximum(factors[rows], np.sqrt(threshold * len(factors) / len(rows)))
    return factors


@SAMPLERS.register("repeat_factor", paper="Gupta et al. 2019 (LVIS)", code="detectron2 RepeatFactorTrainingSampler")
def repeat_factor_order(targets: npt.ArrayLike, seed: int, epoch: int, *, threshold: float = 0.001) -> Rows:
    """Every row once, rows of labels rarer than a share `threshold` of all rows several times."""
    factors, rng = repeat_factors(targets, threshold), stream(seed, epoch)
    whole = np.floor(factors)
    copies = whole + (rng.random(len(factors)) < factors - whole)
    return rng.permutation(np.repeat(np.arange(len(factors)), copies.astype(np.int64)))
