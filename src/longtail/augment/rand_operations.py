"""The operations of RandAugment that change values, on one uint8 image `(H, W, C)`; `strength` is -1 to 1.

They mean what they mean in Pillow and torchvision; on grey images `color` does nothing.
"""

from collections.abc import Callable

import cv2
import numpy as np

from longtail.augment.color_jitter import LUMA
from longtail.augment.step import Image, like

_LEVELS = np.arange(256)
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13


def factor_of(strength: float) -> float:
    """Enhancements go from 0.1 to 1.9."""
    return 1 + 0.9 * strength


def bits_of(strength: float) -> int:
    """Posterising keeps 8 to 4 bits."""
    return 8 - round(4 * abs(strength))


def threshold_of(strength: float) -> float:
    """Solarising inverts levels from 255 (next to none) to 0 (all)."""
    return 255 * (1 - abs(strength))


def brightness(image: Image, strength: float) -> Image:
    """Towards black or away from it."""
    return like(image, cv2.convertScaleAbs(image, alpha=factor_of(strength)))


def contrast(image: Image, strength: float) -> Image:
    """Towards the mean luma or away from it."""
    factor, mean = factor_of(strength), cv2.mean(image)[: image.shape[2]]
    grey = int(LUMA @ mean if image.shape[2] == 3 else mean[0])
    return like(image, cv2.addWeighted(image, factor, image, 0, (1 - factor) * grey))


def color(image: Image, strength: float) -> Image:
    """Towards grey or away from it."""
    if image.shape[2] != 3:
        return image
    factor = factor_of(strength)
    return like(image, cv2.transform(image, factor * np.eye(3) + (1 - factor) * LUMA))


def sharpness(image: Image, strength: float) -> Image:
    """Towards a smoothed image or away from it; the outermost pixels stay."""
    factor, found = factor_of(strength), image.copy()
    smooth = like(image, cv2.filter2D(image, -1, _SMOOTH))
    mixed = like(image, cv2.addWeighted(image, factor, smooth, 1 - factor, 0))
    found[1:-1, 1:-1] = mixed[1:-1, 1:-1]
    return found


def posterize(image: Image, strength: float) -> Image:
    """Keep the highest bits of each level."""
    return np.bitwise_and(image, np.uint8(256 - 2 ** (8 - bits_of(strength))))


def solarize(image: Image, strength: float) -> Image:
    """Invert levels from a threshold on."""
    table = np.where(threshold_of(strength) <= _LEVELS, 255 - _LEVELS, _LEVELS).astype(np.uint8)
    return like(image, cv2.LUT(image, table))


def autocontrast(image: Image, strength: float) -> Image:  # noqa: ARG001
    """Stretch each channel to the whole range; one of a single level stays."""
    return like(image, cv2.merge([_stretched(plane) for plane in _planes(image)]))


def equalize(image: Image, strength: float) -> Image:  # noqa: ARG001
    """Make the histogram of each channel flat, by Pillow's formula."""
    return like(image, cv2.merge([cv2.LUT(plane, _equal(plane)) for plane in _planes(image)]))


def _planes(image: Image) -> list[Image]:
    return [np.ascontiguousarray(image[..., i]) for i in range(image.shape[2])]


def _stretched(plane: Image) -> Image:
    if plane.min() == plane.max():
        return plane
    return like(plane, cv2.normalize(plane, np.empty_like(plane), 0, 255, cv2.NORM_MINMAX))


def _equal(plane: Image) -> Image:
    counts = np.bincount(plane.ravel(), minlength=256)
    step = (counts.sum() - counts[np.flatnonzero(counts)[-1]]) // 255
    if step == 0:
        return _LEVELS.astype(np.uint8)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    table: Image = np.clip((before + step // 2) // step, 0, 255).astype(np.uint8)
    return table


OPERATIONS: dict[str, Callable[[Image, float], Image]] = {
    "brightness": brightness,
    "color": color,
    "contrast": contrast,
    "sharpness": sharpness,
    "posterize": posterize,
    "solarize": solarize,
    "autocontrast": autocontrast,
    "equalize": equalize,
}
