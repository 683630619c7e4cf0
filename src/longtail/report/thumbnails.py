"""Images as data addresses in a page: small, with boxes in hundredths and, laid over them, where a network looked."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from longtail.data.images.decode import decode, image_size
from longtail.data.images.image_file import ImageError
from longtail.data.manifest import Manifest

Box = tuple[float, float, float, float]  # left, top, width, height
THUMBNAIL = 192  # pixels: sharp enough to see a nodule, small enough for 40 of them in one file
_HEAT = 48  # pixels of a heat map's overlay: the maps are coarser than that


@dataclass(frozen=True)
class Thumbnail:
    """An image's data address, and its size in pixels."""

    source: str
    width: int
    height: int


def thumbnail(path: Path, size: int = THUMBNAIL) -> Thumbnail | None:
    """The image, its longer side `size` pixels, without the file's metadata; None where it cannot be read."""
    try:
        pixels = decode(path, channels=3, at_least=size)
    except (ImageError, OSError):
        return None
    picture = Image.fromarray(pixels)
    picture.thumbnail((size, size))
    data = io.BytesIO()
    picture.convert("L" if _is_grey(pixels) else "RGB").save(data, "JPEG", quality=85)
    return Thumbnail(address("image/jpeg", data.getvalue()), *picture.size)


def boxes_of(manifest: Manifest, label: str | None, row: int) -> list[Box]:
    """The boxes of a row's image (of one label, or all) in hundredths of its width and height."""
    if manifest.boxes is None:
        return []
    mine = manifest.boxes[manifest.boxes["image"] == manifest.table["image"].iloc[row]]
    mine = mine if label is None else mine[mine["label"] == label]
    if not len(mine) or not (size := image_size(manifest.image_paths[row])):
        return []
    x, y = 100 / size[0], 100 / size[1]
    return [
        (left * x, top * y, (right - left) * x, (bottom - top) * y)
        for left, top, right, bottom in mine[["left", "top", "right", "bottom"]].to_numpy()
    ]


def heat_overlay(heat: Any) -> str:
    """A heat map `(h, w)` as a see-through PNG: clear where it is 0, red where it is 1."""
    heat = np.nan_to_num(np.asarray(heat, dtype=np.float32))
    heat = (heat - heat.min()) / max(float(heat.max() - heat.min()), 1e-9)
    picture = Image.fromarray(np.round(255 * heat).astype(np.uint8)).resize((_HEAT, _HEAT), Image.Resampling.BILINEAR)
    strength = np.asarray(picture, dtype=np.float32) / 255
    rgba = np.empty((_HEAT, _HEAT, 4), np.uint8)
    rgba[..., 0], rgba[..., 2] = 255, 30
    rgba[..., 1] = np.round(40 + 180 * (1 - strength))
    rgba[..., 3] = np.round(190 * strength**1.5)
    data = io.BytesIO()
    Image.fromarray(rgba // 16 * 16).save(data, "PNG", optimize=True)  # few levels compress well
    return address("image/png", data.getvalue())


def address(kind: str, data: bytes) -> str:
    """Bytes as a data address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _is_grey(pixels: Any) -> bool:
    return bool((pixels[..., :1] == pixels).all())
