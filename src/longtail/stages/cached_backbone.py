"""A backbone whose images are features already: what a head is trained on when they are cached."""

from collections.abc import Collection

from torch import Tensor

from longtail.models.backbones.base import Backbone
from longtail.models.features import POOLED, Features, Want


class CachedBackbone(Backbone):
    """Hands on features of one kind: pooled `(B, D)`, tokens `(B, T, D)` or blocks `(B, K, T, D)`."""

    def __init__(self, real: Backbone, kind: Want) -> None:
        super().__init__()
        self.name, self.sizes, self.licence = real.name, real.sizes, real.licence
        self.mean, self.std, self.image_size, self.kind = real.mean, real.std, None, kind

    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:  # noqa: ARG002
        """Features as they came."""
        if self.kind == "pooled":
            return Features(pooled=images)
        return Features(tokens=images) if self.kind == "tokens" else Features(blocks=images.unbind(1))
