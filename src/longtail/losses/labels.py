"""What multi-label losses know about labels: the share of images that have each, and weights per label."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from longtail.errors import UserError, listing
from longtail.losses.weights import Counts, as_counts

Weights = Tensor | Sequence[float] | float


def as_shares(class_counts: Counts, num_rows: int) -> Tensor:
    """Share of the training images that has each label, `(C,)` in [0, 1], float32.

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
    return (counts / num_rows).float()


def prior_log_odds(class_counts: Counts, num_rows: int) -> Tensor:
    """`log(pi / (1 - pi))` per label, `(C,)`; one of no (or every) image is half an image off."""
    half = 0.5 / max(num_rows, 1)
    return torch.logit(as_shares(class_counts, num_rows).double().clamp(half, 1 - half)).float()


def as_weights(weights: Weights | None) -> Tensor | None:
    """Weights per label as a float32 tensor, `()` or `(C,)`; None stays None."""
    return None if weights is None else torch.as_tensor(weights, dtype=torch.float32).detach()
