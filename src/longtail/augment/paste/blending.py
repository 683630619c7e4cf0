"""The pixels of pasting: a patch resized to its place, brought to the level of its new surroundings, and laid over.

All uint8 `(H, W, C)`. The first way of the paper is weight 1 (as CutMix), the second .6 or .4 (as mixup of an area).
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from longtail.augment.paste.framing import Box
from longtail.augment.paste.settings import Intensity

Image = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]
_RING = 0.25  # of the shorter side: how far around a box its surroundings reach
_STRETCH = (0.5, 2.0)  # how far `moments` may stretch a patch's contrast


def paste_patch(
    image: Image,
    box: Box,
    source: Image,
    source_box: Box,
    *,
    weight: float = 1.0,
    soft_edge: float = 0.0,
    intensity: Intensity = "none",
    mirror: bool = False,
) -> None:
    """Lay `source_box` of `source` over `box` of `image`, in place; `weight` is the patch's share of each pixel."""
    left, top, right, bottom = box
    patch = source[source_box[1] : source_box[3], source_box[0] : source_box[2]]
    if intensity != "none":
        patch = matched(patch, ring_moments(source, source_box), ring_moments(image, box), intensity)
    if mirror:
        patch = patch[:, ::-1]
    patch = _resized(patch, bottom - top, right - left)
    under = image[top:bottom, left:right]
    if soft_edge:
        share = weight * faded(bottom - top, right - left, soft_edge)[..., None]
        mixed = under + share * (patch.astype(np.float32) - under)
        under[:] = np.rint(mixed).astype(np.uint8)
    elif weight == 1:
        under[:] = patch
    else:
        under[:] = cv2.addWeighted(np.ascontiguousarray(patch), weight, under.copy(), 1 - weight, 0).reshape(
            under.shape
        )


@lru_cache(maxsize=512)
def faded(height: int, width: int, soft_edge: float) -> Weights:
    """Weights `(H, W)` that rise from the edge to 1 within `soft_edge` of the shorter side, by a cosine."""
    reach = max(1.0, soft_edge * min(height, width))
    ramps = []
    for side in (height, width):
        places = np.arange(side) + 0.5
        near = np.minimum(places, side - places) / reach
        ramps.append(0.5 - 0.5 * np.cos(np.pi * np.clip(near, 0, 1)))
    found: Weights = np.outer(*ramps).astype(np.float32)
    found.setflags(write=False)  # it is shared
    return found


def ring_moments(image: Image, box: Box) -> tuple[float, float]:
    """Mean and standard deviation of a box's surroundings; of the box where it has none."""
    reach = max(1, round(_RING * min(box[2] - box[0], box[3] - box[1])))
    height, width = image.shape[:2]
    left, top = max(0, box[0] - reach), max(0, box[1] - reach)
    right, bottom = min(width, box[2] + reach), min(height, box[3] + reach)
    strips = (
        image[top : box[1], left:right],
        image[box[3] : bottom, left:right],
        image[box[1] : box[3], left : box[0]],
        image[box[1] : box[3], box[2] : right],
    )
    ring = np.concatenate([strip.ravel() for strip in strips])
    found = ring if len(ring) else image[box[1] : box[3], box[0] : box[2]].ravel()
    return float(found.mean()), float(found.std())


def matched(patch: Image, old: tuple[float, float], new: tuple[float, float], intensity: Intensity) -> Image:
    """A patch whose difference from its surroundings stays, as these go from (mean, deviation) `old` to `new`."""
    stretch = 1.0
    if intensity == "moments":
        stretch = float(np.clip((new[1] + 1) / (old[1] + 1), *_STRETCH))
    levels = np.clip(np.rint((np.arange(256) - old[0]) * stretch + new[0]), 0, 255).astype(np.uint8)
    return np.asarray(levels[patch], dtype=np.uint8)


def _resized(patch: Image, height: int, width: int) -> Image:
    if patch.shape[:2] == (height, width):
        return patch
    smaller = height * width < patch.shape[0] * patch.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    found = cv2.resize(np.ascontiguousarray(patch), (width, height), interpolation=way)
    return np.asarray(found, dtype=np.uint8).reshape(height, width, patch.shape[2])
