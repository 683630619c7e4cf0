"""BBN: two branches on one trunk, one for the data as they are and one for data drawn with rare classes first.

Zhou et al., "BBN: Bilateral-Branch Network with Cumulative Learning for Long-Tailed Visual Recognition", CVPR 2020;
public code megvii-research/BBN @7992e90 `lib/core/combiner.py`, `lib/net/network.py` (MIT). Each step takes a batch of
the instance sampler and one of the reversed sampler through the trunk (two passes, so that BatchNorm sees each by
itself, as there), then each through its own branch block; the classifier reads `2 cat(l f_c, (1-l) f_r)` and the loss
is `l CE(z, y_c) + (1-l) CE(z, y_r)`, with `l` falling from 1 to 0 (`cumulative_mix`). Prediction: `cat(f_c, f_r)`.

Choices. The branch block is the public code's for ResNet-50, a bottleneck built here (1x1 to D/4, 3x3, 1x1 to D, each
with BatchNorm, and the identity), on the last stage map of any backbone; there it takes the place of the trunk's last
block, here it comes on top, so that pretrained weights fit. Layers of the trunk after that map (an EfficientNet's head
convolution) get no gradient. A vision transformer's map is its last block's patch tokens on their grid.
"""

from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.classifier import Classifier
from longtail.models.features import Features, FeatureSizes, Wants
from longtail.models.heads.base import Head


class Loss(Protocol):
    """A loss of logits `(B, C)` and a target."""

    def __call__(self, logits: Tensor, target: Tensor, /) -> Tensor:
        """The mean loss."""


def cumulative_mix(epoch: int, epochs: int) -> float:
    """The weight `l = 1 - ((epoch - 1) / epochs)^2` of the conventional branch; `epoch` counts from 1.

    The public code divides by 100 and 200 where training has 90 and 180 epochs: pass those as `epochs` for parity.
    """
    if not 1 <= epoch <= epochs + 1:
        raise UserError(f"epoch {epoch} is outside of 1 to {epochs}; epochs count from 1.")
    return 1 - ((epoch - 1) / epochs) ** 2


def mixed_features(conventional: Tensor, reversed_: Tensor, mix: float) -> Tensor:
    """`2 cat(l f_c, (1-l) f_r)`: two `(B, D)` to `(B, 2D)`."""
    return 2 * torch.cat([mix * conventional, (1 - mix) * reversed_], 1)


def two_branch_loss(
    logits: Tensor, target: Tensor, reversed_target: Tensor, mix: float, loss: Loss = functional.cross_entropy
) -> Tensor:
    """`l loss(z, y_c) + (1-l) loss(z, y_r)` of logits `(B, C)`; any loss, so multi-label too."""
    return mix * loss(logits, target) + (1 - mix) * loss(logits, reversed_target)


def two_branch_logits(model: Classifier, images: Tensor, reversed_images: Tensor, mix: float) -> Tensor:
    """Training logits `(B, C)` of two batches `(B, C, H, W)` of the same size through a model with this head."""
    if not isinstance(model.head, TwoBranchHead):
        raise UserError("two samplers need the head 'two_branch'; name it as the model's head.")
    return model.head.pair(model.features(images), model.features(reversed_images), mix)


class Bottleneck(nn.Module):
    """`relu(x + f(x))` at the same width and size, as ResNet-50's last blocks."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = max(1, width // 4)
        self.residual = nn.Sequential(
            *_conv(width, inner, 1), nn.ReLU(), *_conv(inner, inner, 3), nn.ReLU(), *_conv(inner, width, 1)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """`(B, D, H, W)` to the same shape."""
        return functional.relu(maps + self.residual(maps))


@HEADS.register("two_branch", paper="Zhou et al. 2020", code="megvii-research/BBN")
class TwoBranchHead(Head):
    """Two residual blocks on the last stage map, for plain and reversed sampling, and one classifier on both."""

    wants: ClassVar[Wants] = frozenset({"maps"})
    class_rows: ClassVar[tuple[str, ...]] = ("classifier.weight", "classifier.bias")

    def __init__(self, sizes: FeatureSizes, num_classes: int) -> None:
        super().__init__(sizes, num_classes)
        if not sizes.channels:
            raise UserError("the head 'two_branch' needs a backbone with stage maps.")
        width = sizes.channels[-1]
        self.conventional, self.reversed = Bottleneck(width), Bottleneck(width)
        self.classifier = nn.Linear(2 * width, num_classes)

    def reset(self) -> None:
        """Start both blocks and the classifier anew."""
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.BatchNorm2d, nn.Linear)):
                module.reset_parameters()

    def forward(self, features: Features) -> Tensor:
        """The prediction: both branches on the same image, without factors."""
        last = features.maps[-1]
        both = torch.cat([_pooled(self.conventional(last)), _pooled(self.reversed(last))], 1)
        return self.classifier(both)  # type: ignore[no-any-return]  # nn.Module calls are untyped

    def pair(self, conventional: Features, reversed_: Features, mix: float) -> Tensor:
        """Training logits `(B, C)`: each batch through its own branch, mixed."""
        plain = _pooled(self.conventional(conventional.maps[-1]))
        rare = _pooled(self.reversed(reversed_.maps[-1]))
        return self.classifier(mixed_features(plain, rare, mix))  # type: ignore[no-any-return]


def _conv(into: int, out: int, size: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(into, out, size, padding=size // 2, bias=False), nn.BatchNorm2d(out)


def _pooled(maps: Tensor) -> Tensor:
    return maps.mean((2, 3))
