"""A backbone and a head: the whole model. Freezing a part of it, and what that means for its BatchNorm."""

from typing import Literal, Self, overload

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.models.backbones.base import Backbone
from longtail.models.features import POOLED, Features
from longtail.models.heads.base import Head

Part = Literal["backbone", "head"]
FrozenNorm = Literal["eval", "train"]


class Classifier(nn.Module):
    """Normalised images `(B, C, H, W)` to logits `(B, classes)`; with the features too, for losses on them."""

    def __init__(self, backbone: Backbone, head: Head) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head
        self.frozen: dict[Part, FrozenNorm] = {}

    @overload
    def forward(
        self,
        images: Tensor,
        with_features: Literal[False] = False,
        *,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor: ...
    @overload
    def forward(
        self,
        images: Tensor,
        with_features: Literal[True],
        *,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Features]: ...

    def forward(
        self,
        images: Tensor,
        with_features: bool = False,
        *,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor | tuple[Tensor, Features]:
        """Logits for the loss; `with_features` adds the features, the pooled ones always among them.

        `source` `(B,)` is the data set that each image is of, for heads that embed it; `study` and `view` `(B,)` are
        for heads that read studies.
        """
        features = self.features(images, with_pooled=with_features, source=source, study=study, view=view)
        logits: Tensor = self.head(features)
        return (logits, features) if with_features else logits

    def features(
        self,
        images: Tensor,
        *,
        with_pooled: bool = False,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Features:
        """What the head wants of the backbone, without a graph where the backbone is frozen."""
        wants = self.head.wants | POOLED if with_pooled else self.head.wants
        graph = torch.is_grad_enabled() and ("backbone" not in self.frozen or images.requires_grad)
        with torch.set_grad_enabled(graph):
            features: Features = self.backbone(images, wants)
        features.source, features.study, features.view = source, study, view
        return features

    def predict_logits(
        self,
        images: Tensor,
        *,
        source: Tensor | None = None,
        study: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """The logits whose softmax or sigmoid is the prediction (a cosine head scales them)."""
        return self.head.prediction_logits(self(images, source=source, study=study, view=view))

    def train(self, mode: bool = True) -> Self:
        """As every module, but a part frozen with its BatchNorm in `eval` stays in eval."""
        super().train(mode)
        for part, frozen_norm in self.frozen.items():
            if frozen_norm == "eval":
                self.get_submodule(part).eval()
        return self


def freeze(model: Classifier, part: Part, *, frozen_bn: FrozenNorm = "eval") -> None:
    """Stop training `part`.

    `eval`: the part also stays in eval mode, so its BatchNorm statistics stand still (and dropout and drop path rest):
    its features are the same at every epoch. `train`: as in the public code of decoupled training
    (classifier-balancing), where the frozen backbone's statistics drift with stage 2's sampler.
    """
    if part not in ("backbone", "head") or frozen_bn not in ("eval", "train"):
        raise UserError(
            f"freeze knows the parts backbone and head, and frozen_bn eval or train, not {part}, {frozen_bn}."
        )
    model.get_submodule(part).requires_grad_(False)
    model.frozen[part] = frozen_bn
    model.train(model.training)


def unfreeze(model: Classifier, part: Part) -> None:
    """Train `part` again (of a head that freezes some of itself, the rest)."""
    model.frozen.pop(part, None)
    model.get_submodule(part).requires_grad_(True)
    model.train(model.training)
