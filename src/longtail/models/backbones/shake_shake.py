"""Shake-Shake 26 2x32d: a small residual network whose two branches are mixed at random, for small images.

Gastaldi, "Shake-Shake regularization", ICLR 2017 workshop; public code xgastaldi/shake-shake @e799d87 (BSD, Lua), port
hysts/pytorch_shake_shake @0a40ddd (MIT). The variant S-S-I: `alpha` mixes the branches in the forward pass, another
number, `beta`, mixes their gradients in the backward pass; both uniform in (0, 1) and drawn for each image. In eval
both branches count one half, by plain arithmetic (so that it exports). With 10 classes on RGB: 2,923,162 parameters.

Choices. The skip's second path sees the map shifted right and down by one pixel, as the Lua code (the port shifts left
and up). `beta` is drawn in the forward pass, so that gradient checkpointing repeats it. Stage maps are taken
after the ReLU that everything that reads them starts with, so the last one's mean is the pooled feature; they are at
strides 1, 2 and 4, for images of any size.
"""

from collections.abc import Collection
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.models import BACKBONES
from longtail.models.backbones.base import Backbone
from longtail.models.features import POOLED, Features, FeatureSizes, Want, checked_wants

_STEM = 16  # channels, whatever the width
_STRIDES = (1, 2, 4)


class _Mixed(torch.autograd.Function):
    """`alpha x + (1 - alpha) y` forward, `beta` and `1 - beta` of the gradient backward."""

    generate_vmap_rule = True

    @staticmethod
    def forward(first: Tensor, second: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:  # noqa: ARG004
        return alpha * first + (1 - alpha) * second

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:  # noqa: ARG004
        ctx.save_for_backward(inputs[3])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (beta,) = ctx.saved_tensors
        return beta * grad, (1 - beta) * grad, None, None


def shake_mixed(first: Tensor, second: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Two `(B, C, H, W)` mixed by `alpha`, their gradients by `beta`, each `(B, 1, 1, 1)`."""
    return cast(Tensor, _Mixed.apply(first, second, alpha.to(first.dtype), beta.to(first.dtype)))


def shake(first: Tensor, second: Tensor, training: bool) -> Tensor:
    """Two `(B, C, H, W)` mixed by fresh numbers for each image when training, half and half otherwise."""
    if not training:
        return (first + second) / 2
    alpha, beta = torch.rand(2, first.shape[0], 1, 1, 1, device=first.device)
    return shake_mixed(first, second, alpha, beta)


class _Skip(nn.Module):
    """The identity's stand-in where channels change: two 1x1 convolutions, the second on the map shifted by a pixel."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.straight = nn.Conv2d(into, out // 2, 1, bias=False)
        self.shifted = nn.Conv2d(into, out // 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, maps: Tensor) -> Tensor:
        step = self.stride
        shifted = functional.pad(maps, (1, -1, 1, -1))
        both = [self.straight(maps[..., ::step, ::step]), self.shifted(shifted[..., ::step, ::step])]
        return cast(Tensor, self.norm(torch.cat(both, 1)))


class _Block(nn.Module):
    """`x + shake(f(relu(x)), g(relu(x)))`."""

    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = _branch(into, out, stride), _branch(into, out, stride)
        self.skip = _Skip(into, out, stride) if into != out else None

    def forward(self, maps: Tensor) -> Tensor:
        active = functional.relu(maps)
        skipped = maps if self.skip is None else self.skip(active)
        return cast(Tensor, skipped + shake(self.first(active), self.second(active), self.training))


class ShakeShake(Backbone):
    """Three stages of `(depth - 2) / 6` blocks of two branches; the first is `width` channels wide, each next twice."""

    image_size = None
    licence = "none: no published weights"

    def __init__(self, name: str, *, channels: int, width: int, depth: int) -> None:
        super().__init__()
        if depth < 8 or depth % 6 != 2 or width < 2 or width % 2 or channels < 1:
            raise UserError(
                f"backbone '{name}' has a depth of 6n + 2 (8, 14, 20, 26, ...), an even width and a channel or more,"
                f" not depth {depth}, width {width}, channels {channels}."
            )
        self.name, self.input_channels = name, channels
        self.mean = self.std = (0.5,) * channels
        wide = (width, 2 * width, 4 * width)
        self.sizes = FeatureSizes(width=wide[-1], channels=wide, strides=_STRIDES, token_width=wide[-1])
        self.stem = nn.Sequential(nn.Conv2d(channels, _STEM, 3, padding=1, bias=False), nn.BatchNorm2d(_STEM))
        blocks = (depth - 2) // 6
        self.stages = nn.ModuleList(
            _stage(into, out, blocks, stride=1 if out == width else 2)
            for into, out in zip((_STEM, *wide), wide, strict=False)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor, wants: Collection[Want] = POOLED) -> Features:
        """Normalised images `(B, C, H, W)` of any size to features."""
        wants = checked_wants(wants)
        self._check(images)
        maps, found = [], self.stem(images)
        for stage in self.stages:
            found = stage(found)
            maps.append(found)
        last = functional.relu(maps[-1])
        return Features(
            pooled=last.mean((2, 3)) if "pooled" in wants else None,
            maps=[*map(functional.relu, maps[:-1]), last] if "maps" in wants else None,
            tokens=last.flatten(2).transpose(1, 2) if "tokens" in wants else None,
        )

    def _check(self, images: Tensor) -> None:
        if images.ndim != 4 or images.shape[1] != self.input_channels:
            raise UserError(
                f"backbone '{self.name}' was built for images (B, {self.input_channels}, H, W) and got"
                f" {tuple(images.shape)}; build it with channels={images.shape[1] if images.ndim == 4 else 'C'}."
            )


@BACKBONES.register("shake_shake_26_2x32d", paper="Gastaldi 2017", code="xgastaldi/shake-shake")
def shake_shake_26_2x32d(
    *,
    channels: int = 3,
    image_size: int | tuple[int, int] | None = None,  # noqa: ARG001
    drop_path: float = 0.0,
    width: int = 32,
    depth: int = 26,
) -> Backbone:
    """Shake-Shake 26 2x32d (S-S-I), of another `width` or `depth` (6n + 2) if told; takes images of any size."""
    name = f"shake_shake_{depth}_2x{width}d"
    if drop_path:
        raise UserError(f"backbone '{name}' can't set drop_path, shaking is its own; leave drop_path out for it.")
    return ShakeShake(name, channels=channels, width=width, depth=depth)


def _branch(into: int, out: int, stride: int) -> nn.Sequential:
    """Convolution, norm, ReLU, convolution, norm, of what the block has activated once for both branches."""
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
        nn.Conv2d(out, out, 3, padding=1, bias=False),
        nn.BatchNorm2d(out),
    )


def _stage(into: int, out: int, blocks: int, stride: int) -> nn.Sequential:
    first = _Block(into, out, stride)
    return nn.Sequential(first, *(_Block(out, out, 1) for _ in range(blocks - 1)))
