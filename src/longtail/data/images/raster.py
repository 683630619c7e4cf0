"""Image files that Pillow reads: PNG, TIFF, WebP, BMP, and the JPEGs in printer's colours."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from longtail.data.images.grey_levels import Grey, Window, by_range, by_window, sixteen_to_eight
from longtail.data.images.image_file import ImageError, Kind, check_dimensions, open_raster, orientation, stored_size

_PHOTOMETRIC = 262  # TIFF tag; 0 means that the lowest level is white


def read_raster(data: bytes, path: Path, kind: Kind, *, channels: int, window: Window) -> Grey:
    """`(H, W, 1)` where the file is grey or one channel is asked, else `(H, W, 3)`; upright, on white where it is
    transparent."""
    with open_raster(kind, BytesIO(data)) as image:
        check_dimensions(path, *stored_size(image))
        _refuse_pages(image, path)
        white_first = kind == "TIFF" and _white_is_zero(image)
        image.load()
        upright = image if orientation(image) == 1 else ImageOps.exif_transpose(image)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            grey = _many_levels(np.asarray(upright), path, window)
            return (255 - grey if white_first else grey)[..., None]
        return _eight_bits(upright, channels)


def luma(pixels: Grey) -> Grey:
    """`(H, W, 3)` to `(H, W, 1)` by ITU-R 601, as Pillow and JPEG do."""
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]


def _refuse_pages(image: ImageFile, path: Path) -> None:
    pages = getattr(image, "n_frames", 1)
    if pages > 1:
        raise ImageError(path, f"it holds {pages} pages or frames; write each one you need to a file of its own")


def _white_is_zero(image: ImageFile) -> bool:
    """Pillow turns 1 to 8 bit TIFFs around by itself, but not those of 16."""
    return image.mode.startswith("I;16") and image.tag_v2.get(_PHOTOMETRIC) == 0  # type: ignore[attr-defined]


def _many_levels(values: npt.NDArray[Any], path: Path, window: Window) -> Grey:
    if not np.isfinite(values).all():
        raise ImageError(path, "some of its levels are not numbers (nan or infinite)")
    # Pillow before 11 gives 16-bit PNGs as 32-bit integers.
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() <= 65535:
        return sixteen_to_eight(values.astype(np.uint16), window)
    if isinstance(window, tuple):
        return by_window(values, *window)
    if window == "minmax":
        return by_range(values, values.min(), values.max())
    raise ImageError(
        path,
        f"its levels ({values.min():.6g} to {values.max():.6g}) have no stated full range;"
        " use the window minmax or CENTER,WIDTH",
    )


def _eight_bits(image: Image.Image, channels: int) -> Grey:
    if image.has_transparency_data:
        image = _on_white(image)
    wanted = "L" if channels == 1 or image.mode in ("1", "L") else "RGB"
    pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _on_white(image: Image.Image) -> Image.Image:
    """Colour where it was covered, white where it was transparent."""
    grey = image.mode in ("1", "L", "LA", "La")
    page = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(page, image.convert("RGBA")).convert("L" if grey else "RGB")
