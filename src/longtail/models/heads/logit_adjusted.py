"""Logit adjustment after training: a trained linear head whose logits lose the log of the training prior, tau times.

Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021 (post-hoc form); public code
google-research/logit_adjustment (Apache-2.0). `z - tau log pi` predicts as if classes were even. With several labels
per image the prior's log odds take the place of its log. Nothing is trained: take over a linear head in a stage of 0
epochs, which counts its own training rows (`set_counts`). Not after a training that was balanced or adjusted itself.
"""

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from longtail.losses.counts import Counts, as_counts
from longtail.losses.logit_adjustment import log_prior
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import WeightHead


def log_odds(class_counts: Counts, rows: int) -> Tensor:
    """`(C,)` logs of the odds of each label among `rows` images; none and all count as half an image away from that."""
    counts = as_counts(class_counts).double().clamp(min=0.5, max=rows - 0.5)
    return (counts / (rows - counts)).log().float()


@HEADS.register("logit_adjusted", paper="Menon et al. 2021", code="google-research/logit_adjustment")
class LogitAdjustedHead(WeightHead):
    """A trained linear head that no longer favours frequent classes; nothing is trained."""

    class_rows: ClassVar[tuple[str, ...]] = ("weight", "bias", "prior")
    prior: Tensor

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, tau: float = 1.0) -> None:
        super().__init__(sizes, num_classes)
        self.tau = tau
        self.register_buffer("prior", torch.zeros(num_classes))
        self.requires_grad_(False)

    def requires_grad_(self, requires_grad: bool = True) -> "LogitAdjustedHead":  # noqa: ARG002
        """Stays frozen: the method changes a trained head."""
        super().requires_grad_(False)
        return self

    def set_counts(self, class_counts: Counts, rows: int, task: str) -> None:
        """Take the prior from the images of each class among `rows` training images."""
        found = log_odds(class_counts, rows) if task == "multilabel" else log_prior(class_counts)
        self.prior.copy_(found)

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to logits `(B, C)`, less the prior's."""
        return functional.linear(features.pooled, self.weight, self.bias) - self.tau * self.prior
