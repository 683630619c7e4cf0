"""Triplet loss: an anchor is to be nearer to its own class than to any other, by a margin.

Hoffer and Ailon, "Deep Metric Learning Using Triplet Network", 2015; mining as in Hermans et al., "In Defense of the
Triplet Loss", 2017 (batch-hard, batch-all) and Schroff et al., "FaceNet", CVPR 2015 (semi-hard); public code
KevinMusgrave/pytorch-metric-learning (MIT) and tensorflow-addons (Apache-2.0) as references, nothing copied.

Hinges `max(0, margin + d(a, p) - d(a, n))`, and the mean counts closed hinges too:
* batch_hard: the farthest positive and the nearest negative of each anchor; mean over the anchors.
* semihard: for each anchor and positive the nearest negative that is farther than the positive, or the farthest one if
  none is; mean over those pairs.
* batch_all: every triplet; mean over the triplets. By sorting, so memory is B^2, not B^3.
Anchors without a positive or a negative in the batch (often so for rare classes: see the P x K sampler) are left out,
and so are rows of unknown class (-1); a batch without any triplet gives 0.

`d` is the squared Euclidean distance by default. The metric-learning paper's margin of 50 is a hinge for squared
distances of 2048 pooled features; plain distances of those are 10 to 30, and a margin of 50 would never be reached.
The fraction of open hinges tells whether a margin does anything: `triplet_terms(...).active`.
"""

from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from longtail.errors import unknown_name
from longtail.losses import LOSSES
from longtail.losses.distances import centred, root, same_class, squared_distances
from longtail.losses.shapes import check_features

Mining = Literal["batch_hard", "batch_all", "semihard"]


class TripletTerms(NamedTuple):
    """The loss, and the fraction of the mined triplets whose hinge is open (no gradient); both 0 without triplets."""

    loss: Tensor
    active: Tensor


def triplet_loss(
    features: Tensor, target: Tensor, *, margin: float, squared: bool = True, mining: Mining = "batch_hard"
) -> Tensor:
    """Triplet loss of features `(B, D)` and classes `(B,)`, -1 unknown; the mean is over all valid anchors (above)."""
    return triplet_terms(features, target, margin=margin, squared=squared, mining=mining).loss


def triplet_terms(
    features: Tensor, target: Tensor, *, margin: float, squared: bool = True, mining: Mining = "batch_hard"
) -> TripletTerms:
    """`triplet_loss`, and how many of its hinges are open."""
    if mining not in _MINING:
        raise unknown_name("mining", mining, _MINING)
    check_features(features, target)
    total, opened, count = _MINING[mining](features, target, margin, squared)
    count = count.clamp(min=1)
    return TripletTerms(total / count, (opened / count).detach())


def _batch_hard(features: Tensor, target: Tensor, margin: float, squared: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Only the 2 B pairs it picks have a gradient, so only their distances are worked out with one."""
    rows = centred(features)
    farthest, nearest, valid = _hardest(rows.detach(), target)
    apart, close = ((rows - rows.index_select(0, pick)).square().sum(dim=1) for pick in (farthest, nearest))
    reach = apart - close if squared else root(apart) - root(close)
    hinge = torch.where(valid, margin + reach, 0).clamp(min=0)
    return hinge.sum(), (hinge > 0).sum(), valid.sum()


def _hardest(rows: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For each anchor `(B,)` its farthest positive, its nearest negative, and whether it has both."""
    same, unknown = same_class(target), (target < 0).float()
    with torch.autocast(rows.device.type, enabled=False):
        distance = torch.addmm(rows.square().sum(dim=1), rows, rows.T, alpha=-2)  # less the anchor's own square
    out = torch.finfo(distance.dtype).max / 2
    farthest = distance.sub(1 - same, alpha=out).fill_diagonal_(-out).max(dim=1).indices
    nearest = distance.add_(same, alpha=out).add_(unknown, alpha=out).min(dim=1).indices
    kin = same.sum(dim=1)  # with itself; 0 if unknown
    return farthest, nearest, (kin > 1) & (kin < len(target) - unknown.sum())


def _semihard(features: Tensor, target: Tensor, margin: float, squared: bool) -> tuple[Tensor, Tensor, Tensor]:
    distance, same, other = _pairs(features, target, squared)
    nearer, sorted_distance = _sorted(distance, other)
    last = (other.sum(dim=1, keepdim=True) - 1).clamp(min=0)
    # Sorted, the first negative beyond the positive and the farthest of all are both at hand.
    place = torch.searchsorted(nearer, distance.detach(), right=True).minimum(last)
    valid = same & other.any(dim=1, keepdim=True)
    hinge = torch.where(valid, margin + distance - sorted_distance.gather(1, place), 0).clamp(min=0)
    return hinge.sum(), (hinge > 0).sum(), valid.sum()


def _batch_all(features: Tensor, target: Tensor, margin: float, squared: bool) -> tuple[Tensor, Tensor, Tensor]:
    distance, same, other = _pairs(features, target, squared)
    nearer, sorted_distance = _sorted(distance, other)
    reach = distance + margin
    opened = torch.searchsorted(nearer, reach.detach())  # negatives of (a, p) that leave the hinge open
    summed = nn.functional.pad(sorted_distance.cumsum(dim=1), (1, 0)).gather(1, opened)
    total = torch.where(same, opened * reach - summed, 0).sum()
    return total, torch.where(same, opened, 0).sum(), (same.sum(dim=1) * other.sum(dim=1)).sum()


def _pairs(features: Tensor, target: Tensor, squared: bool) -> tuple[Tensor, Tensor, Tensor]:
    """`(B, B)`: distances, which pairs are positive, and which negative."""
    distance, there = squared_distances(features), target >= 0
    alike, related = target[:, None] == target, there[:, None] & there
    same = (alike & related).fill_diagonal_(False)
    return distance if squared else root(distance), same, ~alike & related


def _sorted(distance: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Each anchor's distances to negatives in ascending order: to search in (inf behind the last), and to sum (0)."""
    ordered = torch.where(other, distance, torch.inf).sort(dim=1).values
    return ordered.detach(), torch.where(ordered.isinf(), 0, ordered)


_MINING = {"batch_hard": _batch_hard, "batch_all": _batch_all, "semihard": _semihard}


@LOSSES.register(
    "triplet", paper="Hoffer and Ailon 2015", code="KevinMusgrave/pytorch-metric-learning", task="singlelabel"
)
class Triplet(nn.Module):
    """Nearer to the own class than to others by a margin, on mined triplets of the batch.

    After each call `active` holds the fraction of open hinges: 0 means that the margin does nothing, 1 that no hinge
    ever closes.
    """

    needs: ClassVar[str] = "features"

    def __init__(self, *, margin: float = 50.0, squared: bool = True, mining: Mining = "batch_hard") -> None:
        super().__init__()
        if mining not in _MINING:
            raise unknown_name("mining", mining, _MINING)
        self.margin, self.squared, self.mining = margin, squared, mining
        self.active: Tensor | None = None

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Features `(B, D)` and classes `(B,)` to the loss."""
        loss, self.active = triplet_terms(inputs, target, margin=self.margin, squared=self.squared, mining=self.mining)
        return loss
