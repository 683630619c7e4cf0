"""The networks that are trained against each other: a backbone whose patches can be hidden, and its heads.

Hiding works for every backbone of timm with one place a patch (plain vision transformers): what `patch_embed` gives is
replaced by a learned vector before positions are added, as in iBOT and DINOv2. CNNs have no patches to hide and take
part in the DINO loss alone.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.models.backbones.timm_backbone import TimmBackbone
from longtail.pretrain.dino_head import DinoHead
from longtail.pretrain.settings import Dinov2Settings


class Answers(NamedTuple):
    """What a branch says: class features of the large views, scores of large and small views, scores at hidden ones."""

    features: Tensor  # (2 B, D)
    large: Tensor  # (2 B, K)
    small: Tensor | None  # (n B, K)
    patches: Tensor | None  # (M, K)


def can_hide(backbone: Backbone) -> bool:
    """Whether it is a plain vision transformer: one token a patch, all of one size."""
    model = getattr(backbone, "model", None)
    plain = len(set(backbone.sizes.strides)) == 1 and backbone.sizes.token_width > 0
    return isinstance(backbone, TimmBackbone) and plain and hasattr(model, "patch_embed")


class HiddenPatches(nn.Module):
    """A backbone with a learned vector for hidden patches; `masks` `(B, T)` are true where a patch is hidden."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.mask_token = nn.Parameter(torch.zeros(backbone.sizes.token_width)) if can_hide(backbone) else None
        self._masks: Tensor | None = None
        if self.mask_token is not None:
            backbone.model.patch_embed.register_forward_hook(self._hide)  # type: ignore[union-attr]
            self._rest_pooling()

    def forward(self, images: Tensor, masks: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Images `(B, C, H, W)` to class features `(B, D)` and, of a vision transformer, patches `(B, T, D)`."""
        if self.mask_token is None:
            return self.backbone.pooled(images), None
        self._masks = masks
        try:
            sizes = self.backbone.sizes
            found = self.backbone(images, {"tokens"} if sizes.class_token else {"pooled", "tokens"})
        finally:
            self._masks = None
        patches = found.tokens[:, sizes.prefix_tokens :]
        return found.tokens[:, 0] if sizes.class_token else found.pooled, patches

    def _rest_pooling(self) -> None:
        """Where the class token is read, layers of another pooling get no gradient, and processes would wait for it."""
        for name in ("fc_norm", "attn_pool") if self.backbone.sizes.class_token else ():
            if isinstance(part := getattr(self.backbone.model, name, None), nn.Module):
                part.requires_grad_(False)

    def _hide(self, _module: nn.Module, _inputs: Any, embedded: Tensor) -> Tensor | None:
        """A forward hook: patches `(B, T, D)` or `(B, h, w, D)` with hidden ones replaced."""
        if self._masks is None or self.mask_token is None:
            return None
        masks = self._masks.view(*embedded.shape[:-1], 1)
        return torch.where(masks, self.mask_token.to(embedded.dtype), embedded)


class Branch(nn.Module):
    """Student or teacher: backbone, DINO head and, unless shared or not wanted, a head for patches."""

    def __init__(self, backbone: Backbone, settings: Dinov2Settings) -> None:
        super().__init__()
        self.trunk = HiddenPatches(backbone)
        if settings.ibot_weight > 0 and self.trunk.mask_token is None:
            raise UserError(
                f"backbone '{backbone.name}' has no patches to hide, so iBOT can't train it; set ibot_weight: 0, or"
                " take a plain vision transformer such as vit_small_patch16_224."
            )
        if settings.ibot_weight == 0 and self.trunk.mask_token is not None:
            self.trunk.mask_token.requires_grad_(False)  # nothing is hidden, and processes would wait for its gradient
        self.dino_head = _head(backbone.width, settings)
        separate = settings.ibot_weight > 0 and not settings.shared_head
        self.ibot_head = _head(backbone.sizes.token_width, settings) if separate else None

    def forward(self, large: Tensor, small: Tensor | None, masks: Tensor | None, hide: bool) -> Answers:
        """Views to answers; `masks` `(2 B, T)` say where patches are asked for, `hide` hides them first."""
        features, patches = self.trunk(large, masks if hide else None)
        asked = None
        if masks is not None and patches is not None:
            asked = (self.ibot_head or self.dino_head)(patches[masks])
        small_scores = None if small is None else self.dino_head(self.trunk(small)[0])
        return Answers(features, self.dino_head(features), small_scores, asked)


def _head(width: int, settings: Dinov2Settings) -> DinoHead:
    return DinoHead(
        width,
        settings.prototypes,
        layers=settings.head_layers,
        hidden=settings.head_hidden,
        bottleneck=settings.head_bottleneck,
    )
