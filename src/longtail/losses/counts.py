"""Counts per class as losses take them: the training stage's own, checked once."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from longtail.errors import UserError, listing

Counts = Tensor | Sequence[int] | Sequence[float]


def as_counts(class_counts: Counts) -> Tensor:
    """Training images per class as a float tensor `(C,)`, float64 where the device has it; empty classes are 0."""
    counts = torch.as_tensor(class_counts).detach()
    if counts.ndim != 1 or not len(counts):
        raise UserError(f"class_counts has the shape {tuple(counts.shape)}; give one count per class.")
    if counts.device.type == "cpu" and not bool((counts >= 0).all()):  # elsewhere a look would wait for the device
        raise UserError(f"class_counts {listing(counts.tolist())} has a value that is no count, 0 or more.")
    return counts.to(torch.float32 if counts.device.type == "mps" else torch.float64)


def as_shares(class_counts: Counts, num_rows: int) -> Tensor:
    """Share of the training images that has each label, `(C,)` in [0, 1].

    A public configuration gave the sum of the label counts as the number of images, which makes every share too small
    and says nothing: refused here where it is impossible, warned of where it is likely.
    """
    counts = as_counts(class_counts)
    above = torch.nonzero(counts > num_rows).flatten().tolist()
    if num_rows < 1 or above:
        raise UserError(
            f"num_rows is {num_rows:,} but class_counts has more at {listing(above) or 'no place'};"
            " num_rows is the number of training images, at least the largest count and 1."
        )
    if len(counts) > 1 and int(counts.sum()) == num_rows:
        warnings.warn(
            f"num_rows ({num_rows:,}) equals the sum of class_counts; with several labels per image it should be the"
            " number of training images, which is smaller or larger.",
            stacklevel=3,
        )
    return counts / num_rows
