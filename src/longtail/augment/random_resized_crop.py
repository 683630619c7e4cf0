"""Random resized crop: a window of random area and shape, enlarged to the whole frame.

Szegedy et al., "Going deeper with convolutions", CVPR 2015; the draw follows torchvision's RandomResizedCrop: ten tries
at a window that fits, then the largest central one of an allowed shape. Windows are continuous, not whole pixels. The
default area is that of P4's classifiers (CheXFound), 75 % and more: natural images' 8 % crops findings away.
"""

from dataclasses import dataclass

import numpy as np

from longtail.augment import AUGMENTATIONS
from longtail.augment.affine import moving, scaling
from longtail.augment.row_chances import Floats, between
from longtail.augment.step import GeometricStep, Size, ordered

TRIES = 10


def crop_windows(
    chance: Floats, size: Size, scale: tuple[float, float], ratio: tuple[float, float]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Left, top, width and height, each `(B,)`, of windows in images of `size`, from chances `(B, 2 * TRIES + 2)`."""
    height, width = size
    area = between(chance[:, :TRIES], *scale) * height * width
    shape = np.exp(between(chance[:, TRIES : 2 * TRIES], *np.log(ratio)))
    wide, high = np.sqrt(area * shape), np.sqrt(area / shape)
    fits = (wide <= width) & (high <= height)
    first, rows = fits.argmax(axis=1), np.arange(len(chance))
    whole = np.clip(width / height, *ratio)
    found = fits.any(axis=1)
    wide = np.where(found, wide[rows, first], min(width, height * whole))
    high = np.where(found, high[rows, first], min(height, width / whole))
    across, down = (np.where(found, chance[:, 2 * TRIES + i], 0.5) for i in (0, 1))
    return across * (width - wide), down * (height - high), wide, high


@AUGMENTATIONS.register("random_resized_crop", kind="geometry", paper="Szegedy et al. 2015", code="torchvision")
@dataclass(frozen=True, kw_only=True)
class RandomResizedCrop(GeometricStep):
    """Enlarge a random window of `scale` of the area and a width to height of `ratio`; every image by default."""

    probability: float = 1.0
    scale: tuple[float, float] = (0.75, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)

    def check(self) -> None:
        """A window has some area."""
        ordered("scale", self.scale, 1e-4, 1)
        ordered("ratio", self.ratio, 0.01, 100)

    @property
    def draws(self) -> int:
        """Area and shape of each try, and the place."""
        return 2 * TRIES + 2

    def matrices(self, chance: Floats, size: Size) -> Floats:
        """From the frame to the window."""
        left, top, wide, high = crop_windows(chance, size, self.scale, self.ratio)
        return moving(left, top) @ scaling(wide / size[1], high / size[0])
