"""Labels of a pasted image: the union of its background's and its patches'; what is unknown of either stays unknown."""

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.bank import PatchBank
from longtail.augment.paste.framing import Box, inside_share
from longtail.augment.paste.settings import Doubtful

States = npt.NDArray[np.float32]


def patch_states(bank: PatchBank, states: States, *, carried: float, doubtful: Doubtful, normal: int | None) -> States:
    """What each patch shows, `(P, C)` in {0, 1, nan}, of the `(N, C)` states of the images that they are cut from.

    1: its own label, and those of which it holds the share `carried` of a box. Whether it holds a finding that its
    image has without a box, or that nobody knows of its image, is `doubtful`: unknown, or taken as absent.
    """
    found = np.zeros((len(bank), states.shape[1]), np.float32)
    if doubtful == "unknown":
        boxed = np.zeros_like(states, dtype=bool)
        boxed[bank.rows, bank.labels] = True
        found[(np.isnan(states) | ((states == 1) & ~boxed))[bank.rows]] = np.nan
    found[np.arange(len(bank)), bank.labels] = 1
    for patch in range(len(bank)):
        box = box_of(bank, patch)
        for other in bank.of_row(int(bank.rows[patch])):
            if inside_share(box_of(bank, int(other)), box) >= carried > 0:
                found[patch, bank.labels[other]] = 1
    if normal is not None:
        found[:, normal] = 0
    return found


def union_states(background: States, patches: States, normal: int | None) -> States:
    """`(C,)` of a background's `(C,)` and its patches' `(k, C)`; an image with a patch is `normal` no more."""
    parts = np.concatenate([background[None], patches])
    union = np.where(np.isnan(parts).any(axis=0), np.float32(np.nan), np.float32(0))
    union[(parts == 1).any(axis=0)] = 1
    if normal is not None and len(patches):
        union[normal] = 0
    return union.astype(np.float32)


def box_of(bank: PatchBank, patch: int) -> Box:
    """A patch's box as numbers."""
    left, top, right, bottom = bank.boxes[patch].tolist()
    return left, top, right, bottom
