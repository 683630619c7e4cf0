"""The cosine head: `z_c = s cos(x, w_c)`, so that a frequent class can't win by a long weight vector.

Used by LDAM (Cao et al., NeurIPS 2019; kaidic/LDAM-DRW `NormedLinear`, MIT) and by LIFT's classifier (Shi et al., ICML
2024, scale 25). Two scales, because they are applied at different places:

- `scale` multiplies the logits that the loss gets. With cross-entropy it must be well above 1, since a softmax over
  cosines can't be sharper than e^2. With LDAM it stays 1: that loss multiplies by its own 30.
- `prediction_scale` is the scale of the prediction. The public LDAM code leaves it out at test, which gives an almost
  flat softmax; here `prediction_logits` brings the logits to it. Default: `scale`, or LDAM's 30 where that is 1.

Directions start uniform in a cube, as there. A zero vector has cosine 0 to everything.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import WeightHead


def cosine_logits(features: Tensor, weight: Tensor) -> Tensor:
    """Cosines `(B, C)` of features `(B, D)` and class vectors `(C, D)`, in float32 whatever the autocast."""
    return functional.linear(functional.normalize(features.float()), functional.normalize(weight.float()))


@HEADS.register("cosine", paper="Cao et al. 2019", code="kaidic/LDAM-DRW")
class CosineHead(WeightHead):
    """Cosines between pooled features and class vectors; the head for LDAM, or with a scale for cross-entropy."""

    class_rows: ClassVar[tuple[str, ...]] = ("weight",)

    def __init__(
        self, sizes: FeatureSizes, num_classes: int, *, scale: float = 1.0, prediction_scale: float | None = None
    ) -> None:
        if scale <= 0 or (prediction_scale is not None and prediction_scale <= 0):
            raise UserError(f"scale {scale} and prediction_scale {prediction_scale} of head 'cosine' must be above 0.")
        super().__init__(sizes, num_classes, bias=False)
        self.scale = scale
        self.prediction_scale = prediction_scale or (scale if scale != 1 else 30.0)

    def reset(self) -> None:
        """Uniform in [-1, 1], of length 1."""
        nn.init.uniform_(self.weight, -1, 1)
        self.weight.data = functional.normalize(self.weight.data)

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)` to `scale` times the cosines `(B, C)`."""
        with _full_precision(features.pooled):
            return self.scale * cosine_logits(features.pooled, self.weight)

    def prediction_logits(self, logits: Tensor) -> Tensor:
        """`forward`'s logits brought to the scale of predictions."""
        return logits.float() * (self.prediction_scale / self.scale)


def _full_precision(tensor: Tensor) -> torch.autocast:
    """bf16 has three digits: cosines of close classes would tie."""
    return torch.autocast(tensor.device.type, enabled=False)
