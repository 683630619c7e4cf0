"""RandAugment: a few operations drawn from fourteen, all at one magnitude.

Cubuk et al., "RandAugment: practical automated data augmentation with a reduced search space", CVPR workshops 2020; the
fourteen operations and their ranges are torchvision's (magnitudes 0 to 30). The ones that move pixels join the image's
one composed map, so they come first; the others follow in the order drawn.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import about_centre, identity, moving, rotation, shear
from longtail.augment.rand_operations import OPERATIONS, bits_of, factor_of, threshold_of
from longtail.augment.row_chances import Floats
from longtail.augment.step import GeometricStep, Image, PixelStep, Size, within

MOVES = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
NAMES = ("identity", *MOVES, *OPERATIONS)
MOST = 30
SHEAR, TRANSLATE, DEGREES = 0.3, 150 / 331, 30.0  # at the highest magnitude


def move_matrices(name: str, strength: Floats, size: Size) -> Floats:
    """`(B, 3, 3)` of one operation that moves pixels, at strengths `(B,)` of -1 to 1."""
    none = np.zeros_like(strength)
    if name == "rotate":
        return about_centre(rotation(strength * DEGREES), size)
    if name.startswith("shear"):
        amounts = (strength * SHEAR, none)
        return about_centre(shear(*(amounts if name == "shear_x" else amounts[::-1])), size)
    if name == "translate_x":
        return moving(strength * TRANSLATE * size[1], none)
    return moving(none, strength * TRANSLATE * size[0])


@AUGMENTATIONS.register("rand_augment", kind="both", paper="Cubuk et al. 2020", code="torchvision RandAugment")
@dataclass(frozen=True, kw_only=True)
class RandAugment(GeometricStep, PixelStep):
    """Apply `operations` of fourteen, at `magnitude` of 30 and in a random direction; to every image by default."""

    probability: float = 1.0
    operations: int = 2
    magnitude: int = 9

    def check(self) -> None:
        """At least one operation."""
        within("operations", self.operations, 1, 14)
        within("magnitude", self.magnitude, 0, MOST)

    @property
    def draws(self) -> int:
        """Which operation and which direction, each time."""
        return 2 * self.operations

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        """`(B, 2 * operations)`: the operations' numbers, then their strengths."""
        names = np.floor(chance[:, : self.operations] * len(NAMES))
        signs = np.where(chance[:, self.operations :] < 0.5, -1, 1)
        return np.concatenate([names, signs * (self.magnitude / MOST)], axis=1)

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """All operations that move pixels, composed in the order drawn."""
        found = identity(len(chance))
        for names, strengths in self._slots(self.settings(chance, size)):
            for name in MOVES:
                chosen = np.flatnonzero(names == NAMES.index(name))
                found[chosen] = found[chosen] @ move_matrices(name, strengths[chosen], size)
        return found

    def apply(self, image: Image, setting: Floats) -> Image:
        """The others, in the order drawn."""
        for number, strength in self._slots(setting):
            if operation := OPERATIONS.get(NAMES[int(number)]):
                image = operation(image, float(strength))
        return image

    def apply_batch(self, images: Tensor, settings: Tensor) -> Tensor:
        """By torchvision on uint8, for all images with the same operation and direction at once."""
        levels = (images * 255).round_().to(torch.uint8)
        for slot in self._slots(settings.numpy()):
            for number, strength in np.unique(np.stack(slot, axis=1), axis=0).tolist():
                if (name := NAMES[int(number)]) in OPERATIONS:
                    chosen = np.flatnonzero((slot[0] == number) & (slot[1] == strength))
                    rows = torch.from_numpy(chosen).to(levels.device)
                    levels[rows] = operate(levels[rows], name, strength)
        return levels.to(images.dtype) / 255

    def _slots(self, settings: Floats) -> list[tuple[Floats, Floats]]:
        """For each operation in turn, its number and strength; of one image or of a batch."""
        return [(settings[..., i], settings[..., self.operations + i]) for i in range(self.operations)]


def operate(levels: Tensor, name: str, strength: float) -> Tensor:
    """One operation that changes values, on uint8 images `(B, C, H, W)`, by torchvision."""
    import torchvision.transforms.v2.functional as ready  # takes seconds to import

    if name == "color" and levels.shape[1] != 3:
        return levels
    enhancing = {"brightness", "color", "contrast", "sharpness"}
    setting: list[float] = [factor_of(strength)] if name in enhancing else []
    if name in ("posterize", "solarize"):
        setting = [bits_of(strength) if name == "posterize" else threshold_of(strength)]
    function = f"adjust_{name}".replace("color", "saturation") if name in enhancing else name
    found: Tensor = getattr(ready, function)(levels, *setting)
    return found
