"""Three ways to make any image one size, antialiased, and where its boxes go.

`squash` stretches both sides to fit; `pad` keeps the proportions and centres the image on black; `crop` keeps the
proportions, fits the shorter side and cuts the longer one evenly at both ends.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from longtail.data.images.grey_levels import Grey
from longtail.errors import unknown_name

Rule = Literal["squash", "pad", "crop"]
RULES: tuple[str, ...] = get_args(Rule)
Size = tuple[int, int]  # height, width
# After a scaled decode, whole pixels are averaged first and interpolated then: twice as fast as Pillow's filter alone
# and a tenth to a third of a grey level away from it. A full decode gets the filter alone.
SCALED_GAP = 1.0


@dataclass(frozen=True)
class Placement:
    """Which part of the original lands where: two boxes (left, top, right, bottom) in pixels of either image."""

    source: tuple[float, float, float, float]
    target: tuple[int, int, int, int]


def placement(original: Size, size: int | Size, rule: Rule) -> Placement:
    """What `rule` does to an image of `original` (height, width)."""
    height, width = original
    rows, columns = both_sides(size)
    whole = (0.0, 0.0, float(width), float(height))
    if rule == "squash":
        return Placement(whole, (0, 0, columns, rows))
    if rule == "pad":
        scale = min(rows / height, columns / width)
        h, w = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (rows - h) // 2, (columns - w) // 2
        return Placement(whole, (left, top, left + w, top + h))
    if rule == "crop":
        scale = max(rows / height, columns / width)
        h_cut, w_cut = max(0.0, (height - rows / scale) / 2), max(0.0, (width - columns / scale) / 2)
        return Placement((w_cut, h_cut, width - w_cut, height - h_cut), (0, 0, columns, rows))
    raise unknown_name("resize rule", rule, RULES)


def resize(pixels: Grey, size: int | Size, rule: Rule = "squash", *, original: Size | None = None) -> Grey:
    """`(H, W, C)` uint8 to `(*size, C)`, with Pillow's antialiased bilinear filter.

    `original` is the (height, width) that `pixels` stand for when they come from a scaled decode, whose last row and
    column may reach past the image.
    """
    rows, columns = both_sides(size)
    place = placement(original or (pixels.shape[0], pixels.shape[1]), size, rule)
    left, top, right, bottom = place.target
    gap = SCALED_GAP if original and original != pixels.shape[:2] else None
    part = _resampled(pixels, (bottom - top, right - left), _in_pixels(place, pixels, original), gap)
    if part.shape[:2] == (rows, columns):
        return part
    page = np.zeros((rows, columns, pixels.shape[2]), np.uint8)
    page[top:bottom, left:right] = part
    return page


def transform_boxes(
    boxes: npt.ArrayLike, original: Size, size: int | Size, rule: Rule = "squash"
) -> npt.NDArray[np.float64]:
    """Boxes `(B, 4)` (left, top, right, bottom) of the original, in pixels of the resized image.

    What `crop` cuts off is cut off the boxes; a box that lies wholly outside gets no area.
    """
    place = placement(original, size, rule)
    sides: npt.NDArray[np.float64] = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    source, target = np.asarray(place.source), np.asarray(place.target, dtype=np.float64)
    scale = (target[2:] - target[:2]) / (source[2:] - source[:2])
    moved: npt.NDArray[np.float64] = (sides - np.tile(source[:2], 2)) * np.tile(scale, 2) + np.tile(target[:2], 2)
    return np.asarray(np.clip(moved, np.tile(target[:2], 2), np.tile(target[2:], 2)), dtype=np.float64)


def both_sides(size: int | Size) -> Size:
    """A size as (height, width)."""
    return (size, size) if isinstance(size, int) else size


def _in_pixels(place: Placement, pixels: Grey, original: Size | None) -> tuple[float, float, float, float]:
    """The source box in pixels of a scaled decode: its sides were divided by 8/n and rounded up, so n can be told."""
    if original is None or original == pixels.shape[:2]:
        return place.source
    height, width = original
    eighths = next(n for n in range(1, 9) if (-(-height * n // 8), -(-width * n // 8)) == pixels.shape[:2])
    left, top, right, bottom = (side * eighths / 8 for side in place.source)
    return left, top, right, bottom


def _resampled(pixels: Grey, size: Size, box: tuple[float, float, float, float], gap: float | None) -> Grey:
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if grey else pixels)
    result: npt.NDArray[Any] = np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR, box, gap))
    return result[..., None] if grey else result
