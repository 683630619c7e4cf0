"""The head `study-concat`: the class tokens (pooled features) of a study's views side by side, then a linear layer.

Paper 4's "[CLS] concatenation" (slides; no form stated). Each kind of view has a place of its own, frontal, lateral and
neither, and holds the mean of the study's images of that kind; a kind that is absent has a learned vector. So neither
the order of the images nor their number matters. Every image of a study is given the study's logits.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models import HEADS
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.base import Head
from longtail.models.heads.study_fusion import VIEWS, study_numbers

KINDS = VIEWS + 1


@HEADS.register("study-concat", paper="Yang 2024 (CXR-LT slides)")
class StudyConcatHead(Head):
    """Means of a study's pooled features by kind of view, side by side, and a vector for each label."""

    class_rows: ClassVar[tuple[str, ...]] = ("linear.weight", "linear.bias")
    of_studies: ClassVar[bool] = True

    def __init__(self, sizes: FeatureSizes, num_classes: int, *, images: int = 4) -> None:
        super().__init__(sizes, num_classes)
        if images < 1:
            raise UserError(f"head 'study-concat' reads {images} images of a study; it needs 1 or more.")
        self.images = images  # that training shows of a study at a time
        self.linear = nn.Linear(KINDS * sizes.width, num_classes)
        self.absent = nn.Parameter(torch.zeros(KINDS, sizes.width))

    def reset(self) -> None:
        """As `nn.Linear` starts; absent views are zeros."""
        self.linear.reset_parameters()
        nn.init.zeros_(self.absent)

    def resize(self, rows: Sequence[int | None]) -> None:
        """Change the classes."""
        super().resize(rows)
        self.linear.out_features = len(rows)

    def forward(self, features: Features) -> Tensor:
        """Pooled `(B, D)`, the study and the kind of view of each image, to logits `(B, C)`."""
        pooled = features.pooled.to(self.absent.dtype)
        means, which = by_view(pooled, features.study, features.view, self.absent)
        found: Tensor = self.linear(means.flatten(1))
        return found[which]


def by_view(pooled: Tensor, study: Tensor | None, view: Tensor | None, absent: Tensor) -> tuple[Tensor, Tensor]:
    """Means `(S, K, D)` of each study's images of each kind, `absent` `(K, D)` without any; and each image's study."""
    own = torch.arange(len(pooled), device=pooled.device)  # of no known study: each image by itself
    numbers, which = (own, own) if study is None else torch.unique(study_numbers(study), return_inverse=True)
    kinds = len(absent)
    kind = torch.full_like(own, kinds - 1) if view is None else view.long()
    kind = torch.where((kind >= 0) & (kind < kinds), kind, kinds - 1)
    place = which * kinds + kind
    count = pooled.new_zeros(len(numbers) * kinds).index_add(0, place, torch.ones_like(pooled[:, 0]))
    sums = pooled.new_zeros(len(numbers) * kinds, pooled.shape[1]).index_add(0, place, pooled)
    means = (sums / count.clamp(min=1)[:, None]).view(len(numbers), kinds, -1)
    return torch.where((count > 0).view(-1, kinds, 1), means, absent), which
