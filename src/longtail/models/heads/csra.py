"""CSRA, class-specific residual attention: each label's mean score over places plus `lam` times its best places' score.

Zhu and Wu, "Residual attention: a simple but effective method for multi-label recognition", ICCV 2021; public code
Kevinz-code/CSRA `pipeline/csra.py` (no licence file: written from the paper). Scores are cosines times feature length
(class vectors are of unit length). Each of H heads has vectors and a temperature of its own, 1, 2, ... and last the
maximum; their logits are summed.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes, Wants
from longtail.models.heads.base import Head

_LAST = 99.0  # a temperature that stands for the maximum, as in the public code


def csra_logits(tokens: Tensor, weight: Tensor, lam: float, temperature: float) -> Tensor:
    """Places `(B, T, D)` and class vectors `(C, D)` to logits `(B, C)`; a temperature of 99 or more is the maximum."""
    scores = functional.linear(tokens, functional.normalize(weight, dim=1))
    is_maximum = temperature >= _LAST
    best = scores.amax(1) if is_maximum else (scores * (scores * temperature).softmax(1)).sum(1)
    return scores.mean(1) + lam * best


def temperatures(heads: int) -> list[float]:
    """`1, 2, ..., heads - 1` and the maximum; of a single head, 1."""
    return [1.0] if heads == 1 else [*map(float, range(1, heads)), _LAST]


@HEADS.register("csra", paper="Zhu and Wu 2021", code="Kevinz-code/CSRA")
class CSRAHead(Head):
    """Each label's mean score over all places, and `lam` times that of the places where it scores best."""

    wants: ClassVar[Wants] = frozenset({"tokens"})
    class_rows: ClassVar[tuple[str, ...]] = ("weight",)

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, heads: int = 1, lam: float = 0.1) -> None:
        super().__init__(sizes, num_classes)
        if heads < 1 or lam < 0:
            raise UserError(f"head 'csra' has heads {heads} and lam {lam}; heads are 1 or more, lam is 0 or more.")
        if not sizes.token_width:
            raise UserError("head 'csra' needs a backbone with tokens or maps.")
        self.lam, self.temperatures = lam, temperatures(heads)
        self.weight = nn.Parameter(torch.empty(num_classes, heads, sizes.token_width))
        self.reset()

    def reset(self) -> None:
        """Uniform, as `nn.Conv2d` starts."""
        bound = 1 / math.sqrt(self.weight.shape[2])
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, features: Features) -> Tensor:
        """Tokens `(B, T, D)`, of which only places count, to logits `(B, C)`."""
        places = features.tokens[:, self.sizes.prefix_tokens :].to(self.weight.dtype)
        each = [csra_logits(places, self.weight[:, i], self.lam, t) for i, t in enumerate(self.temperatures)]
        return torch.stack(each).sum(0)
