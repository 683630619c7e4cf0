"""Nearest class mean: the class whose mean feature is closest; nothing is trained, and rare classes weigh the same.

Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition", ICLR 2020; public code
facebookresearch/classifier-balancing `models/KNNClassifier.py` (BSD-3). Means are updated batch by batch (so over a
data set of any size, or later with more data), in float32 as running means, which lose nothing to large sums.

Logits are cosines, or minus the Euclidean distance. With several labels an image counts for the mean of each of its
labels, unknown ones for none. A class without images has no mean: its logit is -10,000, which never wins, is 0 after a
softmax or sigmoid, and is finite in half precision.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import Head
from longtail.models.heads.cosine import cosine_logits

NEVER = -1e4


def updated_means(means: Tensor, counts: Tensor, features: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Class means `(C, D)` and their counts `(C,)` after a batch of features `(B, D)`.

    `target` is `(B,)` classes, negative ones unknown, or `(B, C)` in {0, 1, nan}.
    """
    member = memberships(target, len(counts)).to(means)
    added = member.sum(0)
    total = counts + added
    surplus = member.T @ features.to(means) - added[:, None] * means
    return means + surplus / total.clamp(min=1)[:, None], total


def memberships(target: Tensor, classes: int) -> Tensor:
    """`(B, C)` True where the row is known to be of the class."""
    if target.ndim == 1:
        return target[:, None] == torch.arange(classes, device=target.device)
    return target == 1


def mean_logits(features: Tensor, means: Tensor, counts: Tensor, metric: str) -> Tensor:
    """Features `(B, D)` to logits `(B, C)`: cosines or minus distances to the means, `NEVER` where there is none."""
    if metric == "cosine":
        logits = cosine_logits(features, means)
    else:
        logits = -torch.cdist(features.float(), means.float(), compute_mode="donot_use_mm_for_euclid_dist")
    return logits.masked_fill(counts == 0, NEVER)


@HEADS.register("nearest_class_mean", paper="Kang et al. 2020", code="facebookresearch/classifier-balancing")
class NearestClassMeanHead(Head):
    """Closeness of pooled features to each class's mean feature; fill it with `update`, nothing is trained."""

    class_rows: ClassVar[tuple[str, ...]] = ("means", "counts")
    means: Tensor
    counts: Tensor

    def __init__(
        self,
        sizes: FeatureSizes,
        num_classes: int,
        *,
        metric: Literal["cosine", "euclidean"] = "cosine",
        scale: float = 1.0,
    ) -> None:
        super().__init__(sizes, num_classes)
        if metric not in ("cosine", "euclidean") or scale <= 0:
            raise UserError(
                f"head 'nearest_class_mean' has metric cosine or euclidean and a scale above 0, not {metric}"
                f" and {scale}."
            )
        self.metric, self.scale = metric, scale
        self.register_buffer("means", torch.zeros(num_classes, sizes.width))
        self.register_buffer("counts", torch.zeros(num_classes))

    def reset(self) -> None:
        """Forget all means."""
        self.means.zero_()
        self.counts.zero_()

    @torch.no_grad()
    def update(self, features: Features, target: Tensor) -> None:
        """Count a batch in."""
        means, counts = updated_means(self.means, self.counts, features.pooled, target)
        self.means.copy_(means)
        self.counts.copy_(counts)

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to logits `(B, C)`."""
        return mean_logits(features.pooled, self.means, self.counts, self.metric)

    def prediction_logits(self, logits: Tensor) -> Tensor:
        """Logits times `scale`: cosines are too close together for a softmax that tells classes apart."""
        return (logits.float() * self.scale).clamp(min=NEVER)
