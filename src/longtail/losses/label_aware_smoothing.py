"""Label-aware smoothing: labels of frequent classes are smoothed more, since models are surest of those.

Zhong et al., "Improving Calibration for Long-Tailed Recognition" (MiSLAS), CVPR 2021; public code dvlab-research/MiSLAS
(MIT), described, not copied. `(1 - e_y) (-log p_y) + e_y mean_c(-log p_c)`, `e_y` growing from `tail` at the rarest
class to `head` at the most frequent. As in the public code the smoothed part is spread over all C classes; the paper's
text spreads it over the other C - 1, which is the same with `e C / (C - 1)`.

A class without images is as the rarest one; if all classes are equally frequent, all have `head`. The mean divides by
the number of known rows. MiSLAS uses it in a second stage, with the backbone frozen and learnable weight scaling.
"""

import math
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from longtail.errors import unknown_name
from longtail.losses import LOSSES
from longtail.losses.counts import Counts, as_counts
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import UNKNOWN, pick, reduced_rows, require
from longtail.losses.shapes import check_classes, classes_told, per_class

Shape = Literal["concave", "linear", "convex", "exp"]


def smoothing_by_class(
    class_counts: Counts, *, head: float = 0.3, tail: float = 0.0, shape: Shape = "concave", power: float = 2.0
) -> Tensor:
    """`(C,)` smoothing from `tail` (fewest images) to `head` (most), along `shape`; `power` is that of "exp"."""
    require(0 <= head <= 1 and 0 <= tail <= 1, f"head is {head} and tail {tail}; both lie in [0, 1].")
    return (tail + (head - tail) * _curve(_share(as_counts(class_counts)), shape, power)).float()


def _share(counts: Tensor) -> Tensor:
    """Where each count lies between the smallest above 0 (0) and the largest (1)."""
    most, fewest = counts.max(), torch.where(counts > 0, counts, torch.inf).min()
    spread = most - fewest
    return torch.where(spread > 0, ((counts - fewest) / spread).clamp(min=0), 1)


def _curve(share: Tensor, shape: Shape, power: float) -> Tensor:
    if shape == "linear":
        return share
    if shape == "concave":
        return torch.sin(share * (math.pi / 2))
    if shape == "convex":
        return 1 - torch.cos(share * (math.pi / 2))
    if shape == "exp":
        return share**power
    raise unknown_name("shape", shape, ("concave", "linear", "convex", "exp"))


def label_aware_smoothing_loss(
    logits: Tensor,
    target: Tensor,
    class_counts: Counts,
    *,
    head: float = 0.3,
    tail: float = 0.0,
    shape: Shape = "concave",
    power: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Label-aware smoothing of logits `(B, C)` and classes `(B,)`, -1 unknown; `mean` is over the known rows."""
    smoothing = smoothing_by_class(class_counts, head=head, tail=tail, shape=shape, power=power)
    return smoothed_loss(logits, target, smoothing, reduction=reduction)


@classes_told
def smoothed_loss(logits: Tensor, target: Tensor, smoothing: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Cross-entropy of logits `(B, C)` and classes `(B,)`, each smoothed by its class's share of `smoothing` `(C,)`."""
    check_classes(logits, target)
    log_p = F.log_softmax(precise(logits), dim=1)
    hit = F.nll_loss(log_p, target.long(), ignore_index=UNKNOWN, reduction="none")
    values = torch.lerp(
        hit, -log_p.mean(dim=1), pick(per_class(smoothing, log_p, "class_counts"), target)
    )  # both parts 0 for unknown rows
    return reduced_rows(values, target >= 0, reduction)


@LOSSES.register(
    "label_aware_smoothing", paper="Zhong et al. 2021 (MiSLAS)", code="dvlab-research/MiSLAS", task="singlelabel"
)
class LabelAwareSmoothing(nn.Module):
    """Cross-entropy that smooths the labels of frequent classes more, for calibration."""

    needs: ClassVar[str] = "logits"
    smoothing: Tensor

    def __init__(
        self,
        class_counts: Counts,
        *,
        head: float = 0.3,
        tail: float = 0.0,
        shape: Shape = "concave",
        power: float = 2.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        smoothing = smoothing_by_class(class_counts, head=head, tail=tail, shape=shape, power=power)
        self.register_buffer("smoothing", smoothing, persistent=False)
        self.reduction = reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)` to the loss."""
        return smoothed_loss(inputs, target, self.smoothing, reduction=self.reduction)
