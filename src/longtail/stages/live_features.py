"""Features of a frozen backbone computed batch by batch, for several heads to share where they can't be kept."""

import torch
from torch import Tensor

from longtail.models.backbones.base import Backbone
from longtail.models.features import Want
from longtail.stages.feature_cache import features_of
from longtail.stages.job import Rows
from longtail.stages.precision import Precision
from longtail.stages.readers import Reader


class LiveFeatureReader:
    """What `read` gives, through the backbone."""

    def __init__(self, read: Reader, backbone: Backbone, kind: Want, precision: Precision) -> None:
        self.read, self.backbone, self.kind, self.precision = read, backbone.eval(), kind, precision

    def __call__(self, rows: Rows, epoch: int, repeats: Rows | None = None) -> Tensor:
        """Features `(B, ...)` float32."""
        images = self.read(rows, epoch, repeats)
        with torch.no_grad(), self.precision.autocast():
            return features_of(self.backbone, images, self.kind)
