"""Remix: mixup whose labels go to the rarer class of a pair, when it is much rarer and visible enough.

Chou et al., "Remix: rebalanced mixup", ECCV workshops 2020. No official code; zhangyongshun/BagofTricks-LT (MIT) and
ntucllab/imbalanced-DL (BSD-2) agree. With counts n_i of the own class and n_j of the partner's, and image weight l:
the own label's weight is 0 where n_i / n_j >= kappa and l < tau, 1 where n_i / n_j <= 1 / kappa and 1 - l < tau, and l
otherwise; kappa 3, tau 0.5. It differs from row to row, so a loss over `weight` needs values per row.

Multi-label (ours): an image counts as its rarest finding does, and one without findings as the commonest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment import MIXES
from longtail.augment.mix_step import MixStep
from longtail.augment.mix_targets import (
    Labels,
    Mixed,
    blended,
    check_alpha,
    drawn_weight,
    mixed_targets,
    partners,
    soft_targets,
)
from longtail.augment.step import within
from longtail.errors import UserError


def remix_weight(own: Tensor, other: Tensor, amount: float, *, kappa: float = 3.0, tau: float = 0.5) -> Tensor:
    """The own label's weight `(B,)` from the counts of both sides' classes; nan counts (unknown) keep `amount`."""
    ratio = own.float() / other.float()
    weight = torch.full_like(ratio, amount)
    if amount < tau:
        weight[ratio >= kappa] = 0
    if 1 - amount < tau:
        weight[ratio <= 1 / kappa] = 1
    return weight


def row_counts(soft: Tensor, class_counts: Tensor | Sequence[int]) -> Tensor:
    """How common each row's rarest known finding is, `(B,)`; nan where no label of the row is known."""
    counts = torch.as_tensor(class_counts).to(soft).expand_as(soft)
    rarest = torch.where(soft == 1, counts, torch.inf).amin(dim=1)
    found = torch.where(torch.isinf(rarest), counts.amax(dim=1), rarest)
    return torch.where(soft.isnan().all(dim=1), torch.nan, found)


def remix(
    images: Tensor,
    targets: Tensor,
    *,
    class_counts: Tensor | Sequence[int],
    alpha: float = 1.0,
    kappa: float = 3.0,
    tau: float = 0.5,
    labels: Labels = "weighted",
    rng: np.random.Generator,
) -> Mixed:
    """Blend float images `(B, ...)`; targets are `(B, C)` or classes `(B,)`, `class_counts` `(C,)` the stage's own."""
    amount, partner = drawn_weight(rng, alpha, alpha), partners(images, rng)
    soft = soft_targets(targets, len(class_counts))
    counts = row_counts(soft, class_counts)
    weight = remix_weight(counts, counts[partner], amount, kappa=kappa, tau=tau)
    mixed = mixed_targets(soft, soft[partner], weight, labels)
    return Mixed(blended(images, images[partner], amount), mixed, partner, weight)


@MIXES.register("remix", kind="images, labels", paper="Chou et al. 2020", code="zhangyongshun/BagofTricks-LT")
@dataclass(frozen=True, kw_only=True)
class Remix(MixStep):
    """Mixup whose label goes to the class that is `kappa` times rarer, unless its image weighs less than 1 - `tau`."""

    alpha: float = 1.0
    kappa: float = 3.0
    tau: float = 0.5
    labels: Labels = "weighted"
    class_counts: Sequence[int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_alpha(self.alpha)
        within("kappa", self.kappa, 1, np.inf)
        within("tau", self.tau, 0, 1)

    def mix(self, images: Tensor, targets: Tensor, rng: np.random.Generator, num_classes: int | None) -> Mixed:
        """By `remix`."""
        if self.class_counts is None:
            raise UserError(f"remix needs the counts of the {num_classes or 'C'} classes; give 'class_counts'.")
        return remix(
            images,
            targets,
            class_counts=torch.as_tensor(self.class_counts, device=images.device),
            alpha=self.alpha,
            kappa=self.kappa,
            tau=self.tau,
            labels=self.labels,
            rng=rng,
        )
