"""The linear head: `z = W x + b` on the pooled features.

For sigmoid losses on rare labels `prior` starts the bias at `log(prior / (1 - prior))`: without it the many negatives
drive the first steps (Cui et al., "Class-Balanced Loss", CVPR 2019, use prior 1/C, and no weight decay on that bias).
"""

import math

from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import WeightHead


@HEADS.register("linear")
class LinearHead(WeightHead):
    """A weight vector and a bias for each class, on the pooled features."""

    def __init__(
        self,
        sizes: FeatureSizes,
        num_classes: int,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        prior: float | None = None,
    ) -> None:
        if prior is not None and not (bias and 0 < prior < 1):
            raise UserError(
                f"prior {prior} of head 'linear' is the chance of a label, between 0 and 1, and needs bias."
            )
        self.prior = prior
        super().__init__(sizes, num_classes, bias=bias)
        self.dropout = nn.Dropout(dropout)

    def reset(self) -> None:
        """As `nn.Linear`, but for a bias with a prior."""
        super().reset()
        if self.prior is not None and self.bias is not None:
            nn.init.constant_(self.bias, math.log(self.prior / (1 - self.prior)))

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to logits `(B, C)`."""
        return functional.linear(self.dropout(features.pooled), self.weight, self.bias)
