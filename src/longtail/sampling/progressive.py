"""Progressively balanced sampling: from rows as they come to every label equally often, over the training.

Paper: Kang et al., Decoupling, ICLR 2020. Code: facebookresearch/classifier-balancing (BSD), `ClassPrioritySampler.py`.
A row's chance is (1 - t) / N + t times its class-aware chance, t going from 0 in the first epoch to 1 in the last; all
draws are with replacement.
"""

import numpy.typing as npt

from longtail.errors import UserError
from longtail.sampling import SAMPLERS
from longtail.sampling.class_aware import class_aware_chances
from longtail.sampling.drawing import draw, stream
from longtail.sampling.labels import Chances, Rows, num_rows


def progressive_chances(targets: npt.ArrayLike, epoch: int, epochs: int) -> Chances:
    """Each row's chance per draw in one epoch of `epochs`, `(N,)`; later epochs stay at the last one's."""
    if epochs < 1 or epoch < 0:
        raise UserError(f"epoch is {epoch} of {epochs}; epochs count from 0, and there is at least one.")
    t = min(epoch / max(epochs - 1, 1), 1.0)
    return (1 - t) / num_rows(targets) + t * class_aware_chances(targets)


@SAMPLERS.register("progressive", paper="Kang et al. 2020", code="classifier-balancing")
def progressive_order(targets: npt.ArrayLike, seed: int, epoch: int, epochs: int, *, size: int | None = None) -> Rows:
    """From rows as they come in the first epoch to labels equally often in the last."""
    chances = progressive_chances(targets, epoch, epochs)
    return draw(chances, num_rows(targets) if size is None else size, stream(seed, epoch))
