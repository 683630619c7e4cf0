"""Where a network looked: a map per image for the logit of one label, brightest where it mattered most.

`grad_cam` (Selvaraju et al., ICCV 2017; public code jacobgil/pytorch-grad-cam): for networks with feature maps, the
last of them before pooling, weighted by the mean gradient of each channel. `token_attribution` (Chefer et al., ICCV
2021; hila-chefer/Transformer-MM-Explainability, rule 5 to 6): for vision transformers, attention rolled out over the
blocks, each weighted by its positive gradient, which makes it the label's own, as plain rollout (Abnar & Zuidema 2020,
`attention_rollout`) is not. `query_attention`: for an ML-Decoder, what the label's query reads.

All take normalised images `(B, C, H, W)` and a label's index for each, and give `(B, h, w)` in 0..1.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.data.images.decode import decode
from longtail.data.images.image_file import ImageError
from longtail.data.images.resize import Rule, resize
from longtail.errors import UserError, unknown_name
from longtail.models.classifier import Classifier
from longtail.models.heads.cross_attention import CrossAttention
from longtail.models.heads.ml_decoder import MLDecoder

Method = Literal["auto", "grad_cam", "token_attribution", "attention_rollout", "query_attention"]


def heatmaps(model: Classifier, images: Tensor, labels: Sequence[int] | Tensor, method: Method = "auto") -> Tensor:
    """Maps `(B, h, w)` by the method that suits the model: its queries, its attention, else its feature maps."""
    chosen = suited_method(model) if method == "auto" else method
    if chosen not in _METHODS:
        raise unknown_name("heat map method", chosen, ["auto", *_METHODS])
    where = torch.as_tensor(labels, device=images.device)
    training = model.training
    model.eval()
    try:
        return _unit(_METHODS[chosen](model, images, where).detach().float())
    finally:
        model.train(training)


def suited_method(model: Classifier) -> Method:
    """The method for this model."""
    if isinstance(model.head, MLDecoder):
        return "query_attention"
    return "token_attribution" if _attentions(model.backbone) else "grad_cam"


def grad_cam(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """Channels of the last feature map, weighted by their mean gradient; what speaks against the label is cut off."""
    caught: list[Tensor] = []
    inside = [module for module in model.backbone.modules() if not list(module.children())]
    with _hooked(inside, lambda _, output: caught.append(output) if _is_map(output) else None):
        chosen = _chosen_logits(model, images, labels)
    if not caught:
        raise UserError("the backbone has no feature maps; take the heat map method token_attribution.")
    last = caught[-1]
    slope = torch.autograd.grad(chosen, last)[0]
    if getattr(getattr(model.backbone, "model", None), "output_fmt", "NCHW") == "NHWC":
        last, slope = last.permute(0, 3, 1, 2), slope.permute(0, 3, 1, 2)
    seen: Tensor = (slope.mean((2, 3), keepdim=True) * last).sum(1).relu()
    return seen


def token_attribution(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """The label's relevance of each patch, through all blocks."""
    maps, slopes = _attention_maps(model, images, labels, with_gradients=True)
    weighted = [(attention * slope).relu().mean(1) for attention, slope in zip(maps, slopes, strict=True)]
    return _rolled(model, images, weighted, add=True)


def attention_rollout(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """Attention multiplied over the blocks, half of each the identity; the same for every label."""
    maps, _ = _attention_maps(model, images, labels, with_gradients=False)
    return _rolled(model, images, [0.5 * one.mean(1) + 0.5 * _eye(one.mean(1)) for one in maps], add=False)


def query_attention(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """Attention of the label's query in the last decoder layer, the mean over heads."""
    head = model.head
    if not isinstance(head, MLDecoder):
        raise UserError("query_attention needs the head 'ml-decoder'; take another heat map method, or auto.")
    caught: list[tuple[Any, ...]] = []
    handle = head.layers[-1].register_forward_pre_hook(lambda _, inputs: caught.append(inputs))
    try:
        with torch.no_grad():
            model.predict_logits(images)
    finally:
        handle.remove()
    layer = head.layers[-1]
    assert isinstance(layer, CrossAttention)
    with torch.no_grad():
        weights = _query_weights(layer, *caught[-1])
    rows = weights[torch.arange(len(images), device=images.device), head.query_of[labels]]
    return _as_grid(rows[:, int(head.with_class) :], images)


def _query_weights(layer: CrossAttention, queries: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
    """`(B, Q, T)`: the layer's attention in eval mode, the mean over heads; 0 where `mask` `(B, T)` is false."""
    key = layer.key_value(memory).chunk(2, -1)[0]
    asked = layer.query(layer.before(queries + queries))
    q, k = (x.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for x in (asked, key))
    scores: Tensor = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
    return scores.softmax(-1).mean(1)


def _attention_maps(
    model: Classifier, images: Tensor, labels: Tensor, *, with_gradients: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Each block's attention `(B, heads, T, T)`, and the gradient of the label's logit by it."""
    blocks = _attentions(model.backbone)
    if not blocks:
        raise UserError("the backbone has no attention over all its tokens; take the heat map method grad_cam.")
    caught: list[Tensor] = []
    fused = [block.fused_attn for block in blocks]
    try:
        for block in blocks:
            block.fused_attn = False  # the fused kernel never shows its weights
        with _hooked([block.attn_drop for block in blocks], lambda _, output: caught.append(output)):
            chosen = _chosen_logits(model, images, labels)
    finally:
        for block, was in zip(blocks, fused, strict=True):
            block.fused_attn = was
    if not with_gradients:
        return caught, []
    slopes = torch.autograd.grad(chosen, caught, allow_unused=True)
    return caught, [torch.zeros_like(a) if s is None else s for a, s in zip(caught, slopes, strict=True)]


def _rolled(model: Classifier, images: Tensor, steps: list[Tensor], *, add: bool) -> Tensor:
    """The patches' share in what is read off: of the class token where there is one, else of the patches' mean."""
    rolled = _eye(steps[0])
    for step in steps:
        rolled = rolled + step @ rolled if add else step @ rolled
    prefix = model.backbone.sizes.prefix_tokens
    read = rolled[:, 0] if model.backbone.sizes.class_token else (rolled - _eye(steps[0]) * add)[:, prefix:].mean(1)
    return _as_grid(read[:, prefix:], images)


def _eye(like: Tensor) -> Tensor:
    return torch.eye(like.shape[-1], device=like.device, dtype=like.dtype).expand_as(like)


def _chosen_logits(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """The sum of each image's logit of its label; images are independent, so are the gradients."""
    with torch.enable_grad():
        logits = model.predict_logits(images.detach().requires_grad_())
    return logits[torch.arange(len(images), device=images.device), labels].sum()


def _attentions(backbone: nn.Module) -> list[Any]:
    """The backbone's attention modules over all tokens, in timm's form; windows (Swin) are of another kind."""
    found = [module for module in backbone.modules() if hasattr(module, "fused_attn") and hasattr(module, "attn_drop")]
    windows = [module for module in found if hasattr(module, "window_size") or hasattr(module, "window_area")]
    return [] if windows else found


def _is_map(output: Any) -> bool:
    return isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[1:3]) > 1 and output.requires_grad


@contextmanager
def _hooked(modules: Sequence[nn.Module], see: Callable[[nn.Module, Any], object]) -> Iterator[None]:
    handles = [module.register_forward_hook(lambda m, _, output: (see(m, output), None)[1]) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _as_grid(patches: Tensor, images: Tensor) -> Tensor:
    """Values of patches `(B, N)`, row by row, as `(B, h, w)` of the images' shape."""
    height, width = images.shape[-2:]
    rows = round(math.sqrt(patches.shape[1] * height / width))
    if rows < 1 or patches.shape[1] % rows:
        raise UserError(f"{patches.shape[1]} tokens are no grid of a {height} x {width} image; take another method.")
    return patches.reshape(len(patches), rows, -1)


def _unit(maps: Tensor) -> Tensor:
    """Each map from 0 to 1; one without contrast is 0 everywhere."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp_min(1e-12)


_METHODS: dict[str, Callable[[Classifier, Tensor, Tensor], Tensor]] = {
    "grad_cam": grad_cam,
    "token_attribution": token_attribution,
    "attention_rollout": attention_rollout,
    "query_attention": query_attention,
}


class ModelHeatMaps:
    """A report's `heatmaps`: called with the manifest's image text and a label, it answers with the model's map."""

    def __init__(
        self, model: Classifier, labels: Sequence[str], root: Path, image_size: int | tuple[int, int], *,
        channels: Literal[1, 3] = 3, rule: Rule = "squash", method: Method = "auto",
    ) -> None:  # fmt: skip
        self.model, self.labels, self.root = model, tuple(labels), root
        self.image_size, self.channels, self.rule, self.method = image_size, channels, rule, method

    def __call__(self, image: str, label: str) -> npt.NDArray[np.float32] | None:
        """The map, or None for an image that cannot be read or a label that the model does not know."""
        if label not in self.labels:
            return None
        try:
            pixels = decode(self.root / image, channels=self.channels)
        except (ImageError, OSError):
            return None
        map_ = heatmaps(self.model, self._normalised(pixels), [self.labels.index(label)], self.method)[0]
        return np.asarray(map_.cpu().numpy(), dtype=np.float32)

    def _normalised(self, pixels: Any) -> Tensor:
        device = next(self.model.parameters()).device
        levels = torch.tensor(resize(pixels, self.image_size, self.rule), device=device)
        mean, std = (torch.tensor(x, device=device).view(-1, 1, 1) for x in
                     (self.model.backbone.mean, self.model.backbone.std))  # fmt: skip
        return ((levels.permute(2, 0, 1).float() / 255 - mean) / std)[None]


def larger(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps `(B, h, w)` at an image's size, `(B, H, W)`, to lay over it."""
    return functional.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
