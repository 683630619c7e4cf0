"""View consistency: the images of one study should be given the same probabilities.

Paper 4's constraint of "prediction consistency within one chest X-ray study" (slides; its form is not stated, no public
code). Here: the squared distance of each image's probabilities to the mean of its study, over the images of studies
with at least two; or, `distance="kl"`, the mean of each label's Jensen-Shannon divergence.

It reads studies in place of targets and is added to another loss, `loss: [bce, {view_consistency: {weight: 0.5}}]`. A
stage with it shows every image beside another of its study (beside itself where there is none), as the public code of
CheXFound pairs images.
"""

from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor, nn

from longtail.errors import unknown_name
from longtail.losses import LOSSES
from longtail.losses.masking import precise

Distance = Literal["squared", "kl"]


def view_consistency_loss(logits: Tensor, study: Tensor, *, distance: Distance = "squared") -> Tensor:
    """Logits `(B, C)` and the study of each image `(B,)`, integers, -1 unknown, to the loss; 0 if no two belong."""
    if distance not in get_args(Distance):
        raise unknown_name("distance", distance, get_args(Distance))
    shares = precise(logits).sigmoid()
    together = ((study[:, None] == study) & (study >= 0)[:, None]).to(shares.dtype)
    members = together.sum(1)
    counted = (members > 1).to(shares.dtype)
    mean = together @ shares / members.clamp(min=1)[:, None]
    away = (shares - mean).square() if distance == "squared" else _entropy(mean) - _entropy(shares)
    return (away.mean(1) * counted).sum() / counted.sum().clamp(min=1)


def _entropy(shares: Tensor) -> Tensor:
    """Of a yes or no with these chances; 0 at both ends, with finite gradients."""
    tiny = torch.finfo(shares.dtype).eps
    inside = shares.clamp(tiny, 1 - tiny)
    return -(inside * inside.log() + (1 - inside) * (1 - inside).log())


@LOSSES.register("view_consistency", paper="Yang 2024 (CXR-LT slides)", task="multilabel")
class ViewConsistency(nn.Module):
    """Draws the probabilities of a study's images together; added to a loss that reads labels."""

    needs: ClassVar[str] = "studies"

    def __init__(self, *, distance: Distance = "squared") -> None:
        super().__init__()
        self.distance: Distance = distance

    def forward(self, inputs: Tensor, study: Tensor) -> Tensor:
        """Logits `(B, C)` and studies `(B,)` to the loss."""
        return view_consistency_loss(inputs, study, distance=self.distance)
