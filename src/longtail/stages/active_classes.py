"""The classes that a stage trains: targets and logits without those that it drops."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Booleans = npt.NDArray[np.bool_]


def active_targets(targets: npt.NDArray[Any], active: Booleans) -> npt.NDArray[Any]:
    """Targets of the active classes: columns `(N, A)` float32, or classes `(N,)` counted among them, others -1."""
    if targets.ndim == 2:
        return np.ascontiguousarray(targets[:, active], dtype=np.float32)
    place = np.append(np.where(active, np.cumsum(active) - 1, -1), -1)  # the last is for -1
    return np.asarray(place[targets], dtype=np.int64)


def class_counts(targets: npt.NDArray[Any], classes: int) -> npt.NDArray[np.int64]:
    """Positive rows of each class, `(C,)`, from targets `(N, C)` or `(N,)`."""
    if targets.ndim == 2:
        return np.asarray((targets == 1).sum(axis=0), dtype=np.int64)
    return np.bincount(targets[targets >= 0], minlength=classes).astype(np.int64)


def active_logits(logits: Tensor, places: Tensor | None) -> Tensor:
    """The active classes' logits `(B, A)`; all of them where none is dropped."""
    return logits if places is None else logits.index_select(1, places)


def places_of(active: Booleans) -> Tensor | None:
    """The active classes' numbers, or None when all are."""
    return None if active.all() else torch.from_numpy(np.flatnonzero(active))
