"""Where a patch goes: the own relative place in another frame, moved or mirrored, and whether two patches overlap.

Boxes and frames are (left, top, right, bottom) in whole pixels, the last two just past the end.
"""

import numpy as np
import numpy.typing as npt

from longtail.data.images.resize import Rule, placement

Box = tuple[int, int, int, int]
_DARK = 0.08  # of the brightest level: what a border of collimation or padding stays under
_SOME = 0.05  # the share of a row or column that must be brighter: letters at the rim do not count


def frame_of(original: tuple[int, int], size: int, rule: Rule) -> Box:
    """The part of a prepared image that is the image; `original` is (height, width)."""
    return placement(original, size, rule).target


def content_frame(pixels: npt.NDArray[np.uint8], frame: Box) -> Box:
    """The part of `frame` in an image `(H, W, C)` that is no black border: rows and columns with something bright."""
    left, top, right, bottom = frame
    inner = pixels[top:bottom, left:right].max(axis=2)
    bright = inner > _DARK * float(inner.max(initial=0))
    rows, columns = np.flatnonzero(bright.mean(1) > _SOME), np.flatnonzero(bright.mean(0) > _SOME)
    if not len(rows) or not len(columns):
        return frame
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def carried_over(box: Box, frame: Box, other: Box) -> Box:
    """A box at the same relative place, and of the same relative size, in another frame."""
    sides = []
    for axis in (0, 1):
        scale = (other[axis + 2] - other[axis]) / max(1, frame[axis + 2] - frame[axis])
        length = min(max(1, round((box[axis + 2] - box[axis]) * scale)), other[axis + 2] - other[axis])
        start = round(other[axis] + (box[axis] - frame[axis]) * scale)
        sides.append((_between(start, other[axis], other[axis + 2] - length), length))
    (x, width), (y, height) = sides
    return x, y, x + width, y + height


def mirrored(box: Box, frame: Box) -> Box:
    """A box on the other side of the frame's midline."""
    return frame[0] + frame[2] - box[2], box[1], frame[0] + frame[2] - box[0], box[3]


def shifted(box: Box, frame: Box, shift: tuple[float, float], *, keep_side: bool) -> Box:
    """A box moved by shares of the frame's width and height, kept inside; `keep_side`: not over the midline."""
    low, high = frame[0], frame[2]
    if keep_side and (side := side_of(box, frame)):
        middle = (frame[0] + frame[2]) // 2
        low, high = (low, max(middle, box[2])) if side < 0 else (min(middle, box[0]), high)
    width, height = box[2] - box[0], box[3] - box[1]
    x = _between(box[0] + round(shift[0] * (frame[2] - frame[0])), low, high - width)
    y = _between(box[1] + round(shift[1] * (frame[3] - frame[1])), frame[1], frame[3] - height)
    return x, y, x + width, y + height


def side_of(box: Box, frame: Box) -> int:
    """-1 or 1 for a box of which three quarters lie left or right of the frame's midline, else 0."""
    share = ((frame[0] + frame[2]) / 2 - box[0]) / (box[2] - box[0])
    return -1 if share >= 0.75 else 1 if share <= 0.25 else 0


def overlaps(box: Box, others: list[Box]) -> bool:
    """Whether a box shares a pixel with any other."""
    return any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in others)


def inside_share(inner: Box, outer: Box) -> float:
    """The share of `inner` that lies in `outer`."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return max(0, width) * max(0, height) / max(1, area)


def _between(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
