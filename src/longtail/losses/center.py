"""Centre loss: features of a class are drawn to its centre, `sum_i ||x_i - c_yi||^2` over the batch.

Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition", ECCV 2016. Like KaiyangZhou/
pytorch-center-loss (MIT), described, not copied, there is no factor 1/2; unlike it, nothing is divided by the batch:
the metric-learning paper's coefficient 0.001 is meant for the sum (`reduction="sum"`, the default). Features of 2048
values are some 10^2 from their centre and squares overflow fp16, so it runs in float32.

The centres are parameters of the module, so they are saved and resumed with it. `update` says who moves them:
* "counted" (default): the module itself, at each training step, by Wen's rule `c_j -= rate sum_{y=j}(c_j - x) /
  (1 + n_j)`, rate 0.5, over all ranks. Neither the loss's coefficient, the optimiser nor weight decay touches them.
* "gradient": the optimiser. Give the centres a group of their own (public code: SGD, 0.5, no weight decay, gradient
  divided by the loss's coefficient): at the network's rate and a coefficient of 0.001 they would hardly ever move.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, distributed, nn

from longtail.errors import UserError, unknown_name
from longtail.losses import LOSSES
from longtail.losses.masking import Reduction, precise
from longtail.losses.rows import reduced_rows
from longtail.losses.shapes import check_features, classes_told


@classes_told
def center_loss(features: Tensor, target: Tensor, centers: Tensor, *, reduction: Reduction = "sum") -> Tensor:
    """Squared distances of features `(B, D)` to their class's centre `(C, D)`, -1 unknown; `mean` over known rows."""
    check_features(features, target)
    if centers.ndim != 2 or centers.shape[1] != features.shape[1]:
        raise UserError(
            f"features have the shape {tuple(features.shape)} and centres {tuple(centers.shape)};"
            " centres are (classes, width), as wide as the features."
        )
    known = target >= 0
    away = precise(features) - precise(centers).index_select(0, target.long().clamp(min=0))
    return reduced_rows(away.square().sum(dim=1) * known, known, reduction)


def center_steps(features: Tensor, target: Tensor, centers: Tensor) -> Tensor:
    """Wen's `(C, D)` steps `sum_{y=j}(c_j - x) / (1 + n_j)`, of the rows of all ranks; 0 for classes without rows."""
    known = (target >= 0).to(centers.dtype)
    index = target.long().clamp(min=0)
    away = centers.index_select(0, index).sub_(features).mul_(known[:, None])
    total = torch.zeros_like(centers).index_add_(0, index, away)
    count = torch.zeros_like(centers[:, 0]).index_add_(0, index, known)
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(total)
        distributed.all_reduce(count)
    return total / (1 + count)[:, None]


@LOSSES.register("center", paper="Wen et al. 2016", code="KaiyangZhou/pytorch-center-loss", task="singlelabel")
class Center(nn.Module):
    """Draws the features of a class to its centre, which is learned along (`update: counted` or `gradient`)."""

    needs: ClassVar[str] = "features"

    def __init__(
        self,
        num_classes: int,
        feature_dim: int,
        *,
        update: Literal["counted", "gradient"] = "counted",
        rate: float = 0.5,
        reduction: Reduction = "sum",
    ) -> None:
        super().__init__()
        if update not in ("counted", "gradient"):
            raise unknown_name("update", update, ("counted", "gradient"))
        self.centers = nn.Parameter(torch.randn(num_classes, feature_dim), requires_grad=update == "gradient")
        self.rate, self.reduction = rate, reduction

    def forward(self, inputs: Tensor, target: Tensor) -> Tensor:
        """Features `(B, D)` and classes `(B,)` to the loss; in training, "counted" centres then take their step."""
        loss = center_loss(inputs, target, self.centers, reduction=self.reduction)
        if self.training and not self.centers.requires_grad:
            self.centers.data.sub_(self.rate * center_steps(inputs.detach(), target, self.centers.data))
        return loss
