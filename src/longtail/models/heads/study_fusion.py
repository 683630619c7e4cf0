"""The head `study-fusion`: learned fusion of all images of a study, in the place of a head of single images.

`longtail.models.study_fusion` has the method (CheXFusion, corrected). Here its maps are the places of each image's
tokens, so it stands on vision transformers and CNNs, frozen (tokens are then computed once) or not. Every image of a
study is given the study's logits; images of no known study are read alone.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes, Wants
from longtail.models.heads.base import Head
from longtail.models.study_fusion import StudyFusion, pack_studies

VIEWS = 2  # frontal and lateral; the fusion has a third embedding for neither


@HEADS.register("study-fusion", paper="Kim 2023 (CheXFusion)", code="dongkyunk/CheXFusion")
class StudyFusionHead(Head):
    """A transformer over the places of a study's first `images` images, then an ML-Decoder."""

    wants: ClassVar[Wants] = frozenset({"tokens"})
    of_studies: ClassVar[bool] = True

    def __init__(
        self,
        sizes: FeatureSizes,
        num_classes: int,
        *,
        images: int = 4,
        dim: int = 768,
        layers: int = 2,
        heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
        shrink: int = 2,
        groups: int = 100,
    ) -> None:
        super().__init__(sizes, num_classes)
        if images < 1 or not sizes.token_width:
            raise UserError(f"head 'study-fusion' reads {images} images of a study; it needs 1 or more, and tokens.")
        self.images = images
        self.fusion = StudyFusion(
            sizes.token_width, num_classes, views=VIEWS, dim=dim, layers=layers, heads=heads, hidden=hidden,
            dropout=dropout, shrink=shrink, groups=groups,
        )  # fmt: skip

    def reset(self) -> None:
        """Start anew."""
        self.fusion.decoder.reset()
        for name, module in self.fusion.named_modules():
            again = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if callable(again) and not name.startswith("decoder"):
                again()

    def resize(self, rows: Sequence[int | None]) -> None:
        """Change the classes, as the decoder does."""
        self.fusion.decoder.resize(rows)
        self.num_classes = len(rows)

    def forward(self, features: Features) -> Tensor:
        """Tokens `(B, T, D)` and the study of each image to logits `(B, C)`, a study's images alike."""
        maps = places(features.tokens[:, self.sizes.prefix_tokens :].to(self.fusion.project.weight.dtype))
        if features.study is None:  # each image by itself, with no look at numbers: an exported model is such
            present = torch.ones(len(maps), 1, dtype=torch.bool, device=maps.device)
            alone: Tensor = self.fusion(
                maps[:, None], present, None if features.view is None else features.view[:, None]
            )
            return alone
        study = study_numbers(features.study)
        packed, present, numbers = pack_studies(maps, study, self.images)
        view = None if features.view is None else pack_studies(features.view, study, self.images)[0]
        found: Tensor = self.fusion(packed, present, view)
        return found[torch.searchsorted(numbers, study)]


def places(tokens: Tensor) -> Tensor:
    """Tokens of places `(B, T, D)` to maps `(B, D, S, S)` of square images."""
    side = math.isqrt(tokens.shape[1])
    if side * side != tokens.shape[1]:
        raise UserError(f"the head 'study-fusion' reads square images, and {tokens.shape[1]} places are no square.")
    return tokens.transpose(1, 2).reshape(len(tokens), tokens.shape[2], side, side)


def study_numbers(study: Tensor) -> Tensor:
    """A number for each image `(B,)`: its study's, or one of its own where that is not known (-1)."""
    return torch.where(study < 0, -1 - torch.arange(len(study), device=study.device), study)
