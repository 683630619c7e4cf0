"""A stage's model as one network from prepared pixels to probabilities: what is exported, whole.

Scaling, normalising, test-time views and the sigmoid or softmax are inside, so that whoever runs the file needs to know
nothing but the size and the labels.
"""

from typing import Any

import torch
from torch import Tensor, nn

from longtail.augment.levels import normalised
from longtail.predict.tta.predicting_views import TTAMerge, predict_with_tta, tta_views
from longtail.stages.loaded_stage import LoadedStage


class PixelsToProbabilities(nn.Module):
    """Pixels `(B, H, W, Ch)` uint8 to probabilities `(B, C)` float32."""

    mean: Tensor
    std: Tensor
    dropped: Tensor

    def __init__(self, stage: LoadedStage, tta: Any = ("identity",), tta_merge: TTAMerge = "probabilities") -> None:
        super().__init__()
        self.model, self.task, self.rescale = stage.model, stage.task, stage.rescale
        self.views, self.tta_merge = tta_views(tta), tta_merge
        for name, numbers in (("mean", stage.mean), ("std", stage.std)):
            self.register_buffer(name, torch.tensor(list(numbers), dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("dropped", ~stage.active.cpu())
        self.any_dropped = bool(self.dropped.any()) and stage.task == "singlelabel"

    def forward(self, pixels: Tensor) -> Tensor:
        """As `predict` does it: every view normalised, predicted and merged."""
        images = pixels.permute(0, 3, 1, 2).float() / 255
        return predict_with_tta(self.logits, images, self.views, self.tta_merge, task=self.task)

    def normalised(self, images: Tensor) -> Tensor:
        """With the levels that the network was trained on."""
        return normalised(images, self.mean, self.std, self.rescale)

    def logits(self, images: Tensor) -> Tensor:
        """Logits `(B, C)` of images `(B, Ch, H, W)` in [0, 1]; a class that was dropped is never predicted."""
        found = self.model.predict_logits(self.normalised(images)).float()
        return found.masked_fill(self.dropped, -torch.inf) if self.any_dropped else found
