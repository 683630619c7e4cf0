"""What the mixes share: who is mixed with whom, and what becomes of their labels.

A mix hands back the images, soft targets `(B, C)`, and what they were made of, for losses that take two hard targets:
`weight * loss(logits, targets) + (1 - weight) * loss(logits, targets[partner])`, per row.
Unknown labels stay unknown: a label is nan when a side that counts does not know it.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from longtail.errors import UserError, unknown_name

Labels = Literal["weighted", "union"]


class Mixed(NamedTuple):
    """A mixed batch.

    `targets` `(B, C)` float, nan unknown; `partner` `(B,)` is the row each image was mixed with (of the second batch,
    where there are two); `weight` `(B,)` float is how much of its own label each row keeps.
    """

    images: Tensor
    targets: Tensor
    partner: Tensor
    weight: Tensor


def soft_targets(targets: Tensor, num_classes: int | None) -> Tensor:
    """Targets as `(B, C)` float: multi-label ones as they are, classes `(B,)` as one row of 0 and 1, nan for -1."""
    if targets.ndim == 2:
        return targets if targets.is_floating_point() else targets.float()
    if num_classes is None:
        raise UserError("mixing single-label targets needs 'num_classes', the number of classes.")
    found = torch.nn.functional.one_hot(targets.long().clamp(min=0), num_classes).float()
    return torch.where(targets[:, None] < 0, torch.nan, found)


def mixed_targets(own: Tensor, other: Tensor, weight: Tensor, labels: Labels = "weighted") -> Tensor:
    """Two soft targets `(B, C)` mixed by the own side's weight `(B,)`.

    `weighted` is the weighted mean. `union` takes a finding as present when it is on either image, whatever the
    weight; it is then known to be present even where the other image's label is unknown. A side without weight does
    not count.
    """
    if labels not in get_args(Labels):
        raise unknown_name("way to mix labels", labels, get_args(Labels))
    share = weight[:, None].to(own.dtype)
    if labels == "weighted":
        mixed = share * own + (1 - share) * other
    else:
        present = (own == 1) | (other == 1)
        mixed = torch.where(present, 1.0, torch.maximum(own, other))
    return torch.where(share == 1, own, torch.where(share == 0, other, mixed))


def blended(images: Tensor, others: Tensor, weight: float) -> Tensor:
    """`weight * images + (1 - weight) * others`."""
    return torch.lerp(others, images, weight)


def partners(images: Tensor, rng: np.random.Generator) -> Tensor:
    """A random order of the batch `(B,)`, on its device."""
    return torch.from_numpy(rng.permutation(len(images))).to(images.device)


def weights_like(images: Tensor, weight: float) -> Tensor:
    """`(B,)` of one weight."""
    return torch.full((len(images),), weight, device=images.device)


def check_alpha(alpha: float) -> None:
    """Refuse what no Beta distribution has."""
    if not 0 < alpha < np.inf:
        raise UserError(f"'alpha' is {alpha:g}; it is greater than 0 (leave the mix out to switch it off).")


def drawn_weight(rng: np.random.Generator, a: float, b: float) -> float:
    """From Beta(a, b)."""
    check_alpha(min(a, b))
    return float(rng.beta(a, b))
