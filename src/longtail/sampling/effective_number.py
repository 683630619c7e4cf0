"""Effective-number sampling: rows weigh by the class-balanced weight of their labels.

Paper: Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019. Code: kaidic/LDAM-DRW (MIT),
whose `Resample` rule draws rows with weight (1 - beta) / (1 - beta^n_c). So label c is drawn in proportion to n_c times
that: as they come for beta 0, equally often for beta towards 1.
"""

import math

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.sampling import SAMPLERS
from longtail.sampling.drawing import draw, rows_of_labels, stream
from longtail.sampling.labels import Chances, Rows, counts_of, label_chances, num_rows, row_chances, rows_by_label


def effective_number_chances(targets: npt.ArrayLike, beta: float = 0.9999) -> Chances:
    """Each row's chance per draw, `(N,)`: the sum of its labels' `(1 - beta) / (1 - beta^n_c)`, scaled to sum to 1."""
    rows = rows_by_label(targets)
    return row_chances(rows, _by_label(rows, beta), num_rows(targets))


@SAMPLERS.register("effective_number", paper="Cui et al. 2019", code="kaidic/LDAM-DRW")
def effective_number_order(
    targets: npt.ArrayLike, seed: int, epoch: int, *, beta: float = 0.9999, size: int | None = None
) -> Rows:
    """Rows weigh by class-balanced weights: near 'instance' for small beta, near 'class_aware' for beta towards 1."""
    rows, rng = rows_by_label(targets), stream(seed, epoch)
    labels = draw(_by_label(rows, beta), num_rows(targets) if size is None else size, rng)
    return rows_of_labels(labels, rows, rng)


def _by_label(rows: list[Rows], beta: float) -> Chances:
    if not 0 <= beta < 1:
        raise UserError(f"beta is {beta}; choose a number from 0 to below 1, such as 0.999.")
    counts = counts_of(rows)
    effective = -np.expm1(counts * math.log(beta)) if beta else np.ones_like(counts)
    return label_chances(rows, counts / effective)
