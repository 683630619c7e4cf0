"""Cross-entropy over classes that exclude each other, with label smoothing and class weights.

PyTorch's own function, with three things settled: it runs in float32, unknown rows (-1) leave it, and a batch without
any known row gives 0. The mean is PyTorch's *weighted* one: it divides by the sum of the class weights of the rows'
targets, not by the number of rows (so that the size of the gradient does not depend on which classes a batch holds).
Label smoothing is Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016; beside class weights the smoothed
part is weighted class by class, as PyTorch has it.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from longtail.losses import LOSSES
from longtail.losses.counts import Counts
from longtail.losses.labels import Weights, weights_at
from longtail.losses.masking import Reduction, check_reduction, precise
from longtail.losses.rows import UNKNOWN, pick, reduced_rows, total_mass
from longtail.losses.shapes import check_classes, check_labels, classes_told
from longtail.losses.weights import ClassWeight, WeightRule


@classes_told
def cross_entropy_loss(
    logits: Tensor,
    target: Tensor,
    *,
    label_smoothing: float = 0.0,
    class_weight: Weights | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of logits `(B, C)` and classes `(B,)`, -1 unknown, or probabilities `(B, C)`, nan unknown.

    `mean` divides by the sum of the class weights of the known rows' targets; for probabilities by the known rows.
    """
    logits = precise(logits)
    weight = None if class_weight is None else weights_at(class_weight, logits, "class_weight")
    if target.ndim == 2:
        check_labels(logits, target)
        return _soft(logits, target, label_smoothing, weight, reduction)
    check_reduction(reduction)
    check_classes(logits, target)
    how = "none" if reduction == "none" else "sum"  # its own mean is nan where no row is known
    loss = F.cross_entropy(
        logits, target.long(), weight, ignore_index=UNKNOWN, reduction=how, label_smoothing=label_smoothing
    )
    if reduction == "mean":
        return loss / total_mass(target >= 0 if weight is None else pick(weight, target))
    return loss


def _soft(logits: Tensor, target: Tensor, smoothing: float, weight: Tensor | None, reduction: Reduction) -> Tensor:
    known = ~target.isnan().any(dim=1)
    filled = torch.where(known[:, None], target, 0).to(logits)
    values = F.cross_entropy(logits, filled, weight, reduction="none", label_smoothing=smoothing)
    return reduced_rows(torch.where(known, values, 0), known, reduction)


@LOSSES.register(
    "cross_entropy",
    paper="Szegedy et al. 2016 (label smoothing)",
    code="torch.nn.functional.cross_entropy",
    task="singlelabel",
)
class CrossEntropy(nn.Module):
    """Cross-entropy with label smoothing and class weights.

    `class_weight` is `inverse`, `inverse_sqrt`, `class_balanced` (with `beta`) or a list of weights; `weight_from` is
    the fraction of training from which on they count (DRW: 0.8).
    """

    needs: ClassVar[str] = "logits"

    def __init__(
        self,
        class_counts: Counts | None = None,
        *,
        label_smoothing: float = 0.0,
        class_weight: WeightRule | Sequence[float] | None = None,
        beta: float = 0.9999,
        weight_from: float = 0.0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__()
        self.class_weight = ClassWeight(class_weight, class_counts, beta=beta, start=weight_from)
        self.label_smoothing, self.reduction = label_smoothing, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Logits `(B, C)` and classes `(B,)`, or probabilities `(B, C)`, to the loss."""
        return cross_entropy_loss(
            inputs,
            target,
            label_smoothing=self.label_smoothing,
            class_weight=self.class_weight(),
            reduction=self.reduction,
        )
