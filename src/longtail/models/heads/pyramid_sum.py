"""The feature-pyramid sum model: a classifier on each of the last stage maps, a loss for each, predictions combined.

CXR-LT 2023 paper of the feature-pyramid sum model (TResNet-L: 76, 152, 1216, 2432 channels); no public code. Each level
is pooled by its mean, joined by the one-hot source of the image where there are several, and classified; the training
loss is the sum of the levels' losses. Levels are counted as there, 4 the last stage map and 1 the fourth from last; the
best of its ablation is 4 + 3 + 2. How levels are combined for a prediction isn't stated: the mean of logits here, with
the others as options. Plain vision transformers give their last four blocks as maps.

Choices. Unequal channels mean that the paper's pyramid has no top-down path; `fpn` adds a real one of that width
(Lin et al., "Feature Pyramid Networks", CVPR 2017; torchvision's), over the levels used. All levels' classifiers are
one weight `(C, sum of widths)`, a block of columns each, so that classes change by rows. `variant: concat` reads all
blocks at once, with one bias and one loss. An image of unknown source (-1) has zeros in place of the one-hot.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import FeaturePyramidNetwork

from longtail.errors import UserError, unknown_name
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes, Wants
from longtail.models.heads.base import Head
from longtail.models.heads.two_branch import Loss

Combine = Literal["mean", "sum", "mean_of_probabilities", "learned"]
Activation = Literal["sigmoid", "softmax"]
Variant = Literal["sum", "concat"]
LAST = 4  # the number of the last stage map


def split_logits(pooled: Sequence[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """Pooled levels `(B, D_l)`, weight `(C, sum of D_l)` and bias `(C, L)` to logits `(L, B, C)`."""
    blocks = torch.split(weight, [level.shape[1] for level in pooled], 1)
    each = zip(pooled, blocks, bias.unbind(1), strict=True)
    return torch.stack([functional.linear(*level) for level in each])


def mean_of_probabilities(logits: Tensor, activation: Activation) -> Tensor:
    """The logits `(B, C)` whose sigmoid or softmax is the mean of that of `(L, B, C)`; safe where they saturate."""
    logits = logits.float()
    if activation == "softmax":
        return logits.log_softmax(-1).logsumexp(0) - math.log(len(logits))
    return functional.logsigmoid(logits).logsumexp(0) - functional.logsigmoid(-logits).logsumexp(0)


@HEADS.register("pyramid-sum", paper="feature-pyramid sum model, CXR-LT 2023")
class PyramidSumHead(Head):
    """A classifier on each of the last stage maps, predictions combined; `level_logits` for the sum of losses."""

    wants: ClassVar[Wants] = frozenset({"maps"})
    class_rows: ClassVar[tuple[str, ...]] = ("weight", "bias")
    fpn: FeaturePyramidNetwork | None
    shares: nn.Parameter | None

    def __init__(
        self,
        sizes: FeatureSizes,
        num_classes: int,
        *,
        levels: Sequence[int] = (4, 3, 2),
        combine: Combine = "mean",
        activation: Activation = "sigmoid",
        variant: Variant = "sum",
        sources: int = 0,
        fpn: int | None = None,
    ) -> None:
        super().__init__(sizes, num_classes)
        self.places = _places(levels, len(sizes.channels))
        _check(combine, activation, variant, sources, fpn)
        self.combine, self.activation, self.variant, self.sources = combine, activation, variant, sources
        channels = [sizes.channels[place] for place in self.places]
        self.fpn = None if fpn is None else FeaturePyramidNetwork(channels, fpn)
        self.widths = [(fpn or width) + sources for width in channels]
        self.weight = nn.Parameter(torch.empty(num_classes, sum(self.widths)))
        self.bias = nn.Parameter(torch.empty(num_classes, 1 if variant == "concat" else len(self.widths)))
        learned = combine == "learned" and self.bias.shape[1] > 1
        self.register_parameter("shares", nn.Parameter(torch.zeros(len(self.widths))) if learned else None)
        self.reset()

    def reset(self) -> None:
        """Each classifier uniform in +-1/sqrt(D) of its own width, equal shares, the top-down path anew."""
        widths = [sum(self.widths)] if self.variant == "concat" else self.widths
        bounds = [1 / math.sqrt(width) for width in widths]
        with torch.no_grad():
            for column, (block, bound) in enumerate(zip(torch.split(self.weight, widths, 1), bounds, strict=True)):
                block.uniform_(-bound, bound)
                self.bias[:, column].uniform_(-bound, bound)
            if self.shares is not None:
                self.shares.zero_()
        for module in () if self.fpn is None else self.fpn.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def level_logits(self, features: Features) -> Tensor:
        """`(L, B, C)`, the finest level first; of `concat`, `(1, B, C)`."""
        maps = [features.maps[place] for place in self.places]
        if self.fpn is not None:
            maps = list(self.fpn(OrderedDict((str(place), found) for place, found in enumerate(maps))).values())
        pooled = self._with_source([found.mean((2, 3)) for found in maps], features)
        if self.variant == "concat":
            pooled = [torch.cat(pooled, 1)]
        return split_logits(pooled, self.weight, self.bias)

    def combined(self, level_logits: Tensor) -> Tensor:
        """`(L, B, C)` to the prediction's `(B, C)`."""
        if len(level_logits) == 1:
            return level_logits[0]
        if self.combine == "mean_of_probabilities":
            return mean_of_probabilities(level_logits, self.activation)
        if self.combine == "learned":
            assert self.shares is not None
            return torch.einsum("l,lbc->bc", self.shares.softmax(0), level_logits)
        return level_logits.sum(0) if self.combine == "sum" else level_logits.mean(0)

    def forward(self, features: Features) -> Tensor:
        """Stage maps to the combined logits `(B, C)`."""
        return self.combined(self.level_logits(features))

    def level_loss(self, features: Features, target: Tensor, loss: Loss) -> Tensor:
        """The sum of `loss(logits, target)` over the levels; learned shares get one that trains only them."""
        logits = self.level_logits(features)
        total = torch.stack([loss(level, target) for level in logits]).sum()
        return total if self.shares is None else total + loss(self.combined(logits.detach()), target)

    def _with_source(self, pooled: list[Tensor], features: Features) -> list[Tensor]:
        if not self.sources:
            return pooled
        source = features.source
        if source is None and not self.training:  # an image from anywhere, as an exported model gets it
            source = torch.full((pooled[0].shape[0],), -1, device=pooled[0].device)
        if source is None:
            raise UserError(
                f"the head 'pyramid-sum' was built for {self.sources} sources and got none; give the model source=,"
                " one integer for each image, -1 where it isn't known."
            )
        one_hot = source[:, None] == torch.arange(self.sources, device=source.device)
        return [torch.cat([level, one_hot.to(level)], 1) for level in pooled]


def _places(levels: Sequence[int], maps: int) -> list[int]:
    """Where among `maps` stage maps the levels are, finest first."""
    valid = range(max(1, LAST + 1 - maps), LAST + 1) if maps else ()
    if not levels or len(set(levels)) < len(levels) or any(level not in valid for level in levels):
        raise UserError(
            f"levels {list(levels)} of head 'pyramid-sum': the backbone's stage maps are the levels {list(valid)},"
            " 4 the last; name each once."
        )
    return [maps - 1 - LAST + level for level in sorted(levels)]


def _check(combine: str, activation: str, variant: str, sources: int, fpn: int | None) -> None:
    given = {"combine": (combine, Combine), "activation": (activation, Activation), "variant": (variant, Variant)}
    for option, (value, choices) in given.items():
        if value not in get_args(choices):
            raise unknown_name(option, value, get_args(choices), "head 'pyramid-sum'")
    if sources < 0 or (fpn is not None and fpn < 1):
        raise UserError(f"head 'pyramid-sum' has sources {sources} and fpn {fpn}; write 0 or more, and a width.")
