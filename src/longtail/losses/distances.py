"""Pairs of rows of a batch, for losses on features: squared Euclidean distances, and which are of one class."""

import torch
from torch import Tensor

from longtail.losses.masking import precise


def squared_distances(features: Tensor) -> Tensor:
    """`(B, B)` squared distances between the rows of `(B, D)`, in float32 even under autocast, and never below 0.

    By a matrix product, 15 times faster than `torch.cdist`'s exact way at 256 x 2048; moving the mean to 0 first keeps
    the digits that the product would otherwise cancel.
    """
    with torch.autocast(features.device.type, enabled=False):
        rows = centred(features)
        square = rows.square().sum(dim=1)
        return (square[:, None] + square - 2 * rows @ rows.T).clamp(min=0)


def centred(features: Tensor) -> Tensor:
    """The rows in float32 with their mean moved to 0, which changes no distance and no gradient of one."""
    rows = precise(features)
    return rows - rows.detach().mean(dim=0)


def same_class(target: Tensor) -> Tensor:
    """`(B, B)`, 1 where rows of classes `(B,)` are of one class, each row with itself; 0 for unknown ones (-1).

    Numbers, not booleans: on a CPU turning one into the other takes eight times as long as to compare.
    """
    kind = torch.where(target >= 0, target, torch.nan)  # nan equals nothing
    return torch.eq(kind[:, None], kind, out=kind.new_empty(len(kind), len(kind)))


def root(squared: Tensor) -> Tensor:
    """Square root with gradient 0, not infinity, at 0."""
    there = squared > 0
    return torch.where(there, squared, 1).sqrt() * there
