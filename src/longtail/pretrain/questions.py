"""What the student is asked in one step: views, hidden patches, what the teacher says of them; whole or in parts.

A step in parts (`micro_batch`) fits into less memory. The teacher's answers are balanced over the whole batch before,
so the DINO and iBOT losses have the gradient of the whole batch. What is not the same: KoLeo looks for neighbours
within a part, as the public code does within one GPU's images, and drop path draws for each part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from longtail.pretrain.crops import Crops


@dataclass(frozen=True)
class Questions:
    """Of B images: their views, where patches are hidden, and the teacher's probabilities."""

    crops: Crops
    masks: Tensor | None  # (2 B, T)
    classes: Tensor  # (2 B, K)
    patches: Tensor | None  # (M, K), at the true places of `masks`, row by row

    def __len__(self) -> int:
        return len(self.classes) // 2

    def parts(self, size: int | None) -> Iterator["Questions"]:
        """Parts of at most so many images; itself where all fit."""
        if size is None or size >= len(self):
            yield self
            return
        for start in range(0, len(self), size):
            yield self._part(slice(start, start + size))

    def _part(self, images: slice) -> "Questions":
        count = len(self)

        def taken(views: Tensor) -> Tensor:
            return views.view(-1, count, *views.shape[1:])[:, images].flatten(0, 1)

        crops = Crops(taken(self.crops.large), None if self.crops.small is None else taken(self.crops.small))
        masks = None if self.masks is None else taken(self.masks)
        return Questions(crops, masks, taken(self.classes), self._patches(images))

    def _patches(self, images: slice) -> Tensor | None:
        """The rows of `patches` that lie in these images."""
        if self.patches is None or self.masks is None:
            return None
        view = self.masks.nonzero()[:, 0] % len(self)
        return self.patches[(view >= images.start) & (view < images.stop)]
