"""Supervised contrastive loss: rows of a class are drawn together on the sphere, all others apart.

Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, in the form `L_out`; public code HobbitLong/SupContrast
(BSD-2), described, not copied. For each anchor the mean over its positives p of `-log(exp(z_a z_p / t) / sum of
exp(z_a z_j / t) over all j but a)`. What is settled here:

* Features are normalised inside; `(B, D)`, or `(B, V, D)` with V views of each image, which are each other's positives.
* The public code multiplies by `t / base_temperature` with base 0.07: at t 0.05 that is 0.714 of the loss as written.
  The base is the temperature here unless one is given, so the factor is 1.
* Anchors without a positive leave the mean (`lonely="skip"`); the public code counts them as 0 in it (`"zero"`).
* Rows of unknown class take no part, not even as negatives.
* `gather=True`: all ranks' rows (as one process with the whole batch would have them).

Experimental, not in the paper: several labels per image, `(B, C)` with nan unknown. A pair's positiveness is the
Jaccard overlap of the labels known in both rows (`overlap="jaccard"`), or 1 if they share any (`"any"`). Rows that have
no label known in common are left out of each other's sums. Two rows without any label do not attract each other.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from longtail.errors import unknown_name
from longtail.losses import LOSSES
from longtail.losses.distances import same_class
from longtail.losses.gather import gather_rows
from longtail.losses.masking import known, precise
from longtail.losses.projection import projection_head
from longtail.losses.rows import require
from longtail.losses.shapes import check_features

Overlap = Literal["jaccard", "any"]
Lonely = Literal["skip", "zero"]
_BARRED = torch.finfo(torch.float32).min  # not -inf, which times a weight of 0 is nan


def supcon_loss(
    features: Tensor,
    target: Tensor,
    *,
    temperature: float = 0.05,
    base_temperature: float | None = None,
    overlap: Overlap = "jaccard",
    lonely: Lonely = "skip",
    gather: bool = False,
) -> Tensor:
    """SupCon of features `(B, D)` or `(B, V, D)`; classes `(B,)`, -1 unknown, or labels `(B, C)`, nan unknown.

    The mean is over the anchors (each view of each row) that have a positive; 0 if none has.
    """
    _check(temperature, base_temperature, overlap, lonely)
    check_features(features, target, views=True, labels=True)
    if gather:
        features, target = gather_rows(features), gather_rows(target)
    features = features if features.ndim == 3 else features[:, None]
    rows = _unit(precise(features).flatten(0, 1))
    positive, barred = _pairs(target, overlap, features.shape[1])
    weight = positive.sum(dim=1, keepdim=True)
    chosen = (_log_shares(rows, barred, temperature) * positive.div_(weight.clamp(min=1e-12))).sum()
    count = ((weight > 0) if lonely == "skip" else _has_contrast(barred)).sum().clamp(min=1)
    factor = 1.0 if base_temperature is None else temperature / base_temperature
    return -factor * chosen / count


def _log_shares(rows: Tensor, barred: Tensor, temperature: float) -> Tensor:
    """Log of each row's share in an anchor's sum `(N, N)`; barred ones and the anchor itself have (almost) none."""
    with torch.autocast(rows.device.type, enabled=False):
        scores = torch.addmm(barred.to(rows.dtype), rows, rows.T, alpha=1 / temperature)
    scores.detach().fill_diagonal_(_BARRED)  # behind autograd's back: a share of 0 has no gradient anyway
    return scores.log_softmax(dim=1)


def _has_contrast(barred: Tensor) -> Tensor:
    """Which anchors `(N,)` have any other row in their sum; unknown ones are no anchors."""
    return (barred + barred.T == 0).fill_diagonal_(False).any(dim=1)


def _check(temperature: float, base: float | None, overlap: str, lonely: str) -> None:
    require(temperature > 0 and (base is None or base > 0), f"temperature is {temperature}, base {base}; both > 0.")
    if overlap not in ("jaccard", "any"):
        raise unknown_name("overlap", overlap, ("jaccard", "any"))
    if lonely not in ("skip", "zero"):
        raise unknown_name("lonely", lonely, ("skip", "zero"))


def _pairs(target: Tensor, overlap: Overlap, views: int) -> tuple[Tensor, Tensor]:
    """How positive each pair of views is, `(B V, B V)` in [0, 1], none with itself; and what bars a view from a sum.

    That is added to the scores: 0, or a number so low that nothing is left of the view.
    """
    if target.ndim == 1:
        positive = same_class(target)
        barred = (target < 0).float().mul_(_BARRED).expand_as(positive)
    else:
        positive, barred = _shared_labels(target, overlap)
    if views > 1:
        positive = positive.repeat_interleave(views, 0).repeat_interleave(views, 1)
        barred = barred.repeat_interleave(views, 0).repeat_interleave(views, 1)
    return positive.fill_diagonal_(0), barred


def _shared_labels(target: Tensor, overlap: Overlap) -> tuple[Tensor, Tensor]:
    """Overlap `(B, B)` of the labels known in both rows, 1 with itself; rows without any in common are barred."""
    with torch.autocast(target.device.type, enabled=False):
        mask, labels = known(target.float())
        shared = labels @ labels.T
        mine = labels @ mask.T  # labels of row i among those that row j knows
        together = mine + mine.T - shared
        related = mask @ mask.T > 0
    share = (shared > 0).float() if overlap == "any" else shared / together.clamp(min=1e-6)
    return share.fill_diagonal_(1) * related, (~related).float().mul_(_BARRED)


def _unit(rows: Tensor) -> Tensor:
    """Rows of length 1; a row of (almost) zeros stays as it is: its gradient is not divided by its length."""
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return rows / torch.where(length > 1e-4, length, 1)


@LOSSES.register("supcon", paper="Khosla et al. 2020", code="HobbitLong/SupContrast", task="singlelabel, multilabel")
class SupCon(nn.Module):
    """Draws rows of a class together and all others apart, on a projection of the features.

    `projection` are the widths of the layers between the features and the loss; empty for none. Labels `(B, C)` are
    experimental: positives by their `overlap`.
    """

    needs: ClassVar[str] = "features"

    def __init__(
        self,
        feature_dim: int,
        *,
        temperature: float = 0.05,
        base_temperature: float | None = None,
        projection: Sequence[int] = (2048, 2048, 128),
        overlap: Overlap = "jaccard",
        lonely: Lonely = "skip",
        gather: bool = False,
    ) -> None:
        super().__init__()
        _check(temperature, base_temperature, overlap, lonely)
        self.projection = projection_head(feature_dim, projection)
        self.temperature, self.base_temperature = temperature, base_temperature
        self.overlap: Overlap = overlap
        self.lonely: Lonely = lonely
        self.gather = gather

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Features `(B, D)` or `(B, V, D)` and their classes or labels to the loss."""
        return supcon_loss(
            self.projection(inputs),
            target,
            temperature=self.temperature,
            base_temperature=self.base_temperature,
            overlap=self.overlap,
            lonely=self.lonely,
            gather=self.gather,
        )
