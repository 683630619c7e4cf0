"""What an image file is, told by its first bytes, and what is too large to open."""

import os
from pathlib import Path
from typing import IO, Literal

from PIL import BmpImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from longtail.errors import UserError

Kind = Literal["JPEG", "PNG", "TIFF", "WebP", "BMP", "DICOM"]

MAX_SIDE = 32_768  # pixels; the largest radiographs have about 6,000, and a longer side is a damaged or hostile header
MAX_PIXELS = 150_000_000  # 450 MB as RGB, for each worker thread
HEADER_BYTES = 132  # as far as DICOM's mark
ORIENTATION = 0x0112  # the EXIF tag

_OPENERS: dict[str, type[ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
}
_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class ImageError(UserError):
    """An image file that cannot be used: `path` and `reason` are the two halves of the message."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the image '{path}' cannot be used: {reason}.")
        self.path, self.reason = path, reason


def kind_of(head: bytes, path: Path) -> Kind | None:
    """The format by its first `HEADER_BYTES`; the name counts only for a DICOM file that lacks its preamble."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(_TIFF_MARKS) and head[128:132] != b"DICM":  # a DICOM preamble may hold a TIFF header
        return "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    if head[128:132] == b"DICM" or path.suffix.lower() in _DICOM_SUFFIXES:
        return "DICOM"
    return "BMP" if head.startswith(b"BM") else None


def open_without_waiting(path: Path) -> IO[bytes]:
    """Open a file for reading; a pipe that nobody writes to would otherwise be waited for without end."""
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))


def refusal(error: OSError | ValueError) -> str:
    """Why the operating system gives no file, in its words; a `ValueError` is Python's for a name with a zero byte."""
    if isinstance(error, FileNotFoundError) and os.sep == "/" and "\\" in os.fsdecode(error.filename or ""):
        return "no such file; its path is written with \\ as on Windows: write /"
    return (getattr(error, "strerror", None) or str(error)).lower()


def open_raster(kind: Kind, file: IO[bytes]) -> ImageFile:
    """Pillow's reader of this one format; it reads the header only.

    `PIL.Image.open` would try every format it knows and has limits of its own, set for the whole process.
    """
    return _OPENERS[kind](file)


def stored_size(image: ImageFile) -> tuple[int, int]:
    """`(width, height)` as stored, before any turning by EXIF."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # some versions of Pillow report the upright size for TIFF
        return int(image.tag_v2[256]), int(image.tag_v2[257])
    return image.size


def is_sideways(image: ImageFile) -> bool:
    """Whether EXIF says that width and height are swapped."""
    return orientation(image) >= 5


def orientation(image: ImageFile) -> int:
    """EXIF's orientation, 1 to 8; 1 (upright) where there is none or it is nonsense."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_too_large(width: int, height: int) -> bool:
    """Whether nothing may look at the pixels; some of Pillow's readers do so for EXIF alone."""
    return width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS


def check_dimensions(path: Path, width: int, height: int) -> None:
    """Refuse an image without pixels, or one so large that opening it could take the machine down."""
    if width < 1 or height < 1:
        raise ImageError(path, f"its header says {width} x {height} pixels")
    if is_too_large(width, height):
        raise ImageError(
            path,
            f"{width:,} x {height:,} pixels is over the limit of {MAX_SIDE:,} a side and {MAX_PIXELS:,} in all;"
            " make it smaller first",
        )
