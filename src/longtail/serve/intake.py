"""From the bytes that a client sent to pixels for the networks; what cannot be used is refused, unnamed."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from longtail.data.images.decode import read_pixels, with_channels
from longtail.data.images.grey_levels import Grey, window_of
from longtail.data.images.image_file import HEADER_BYTES, ImageError, kind_of, open_raster, stored_size
from longtail.data.images.resize import placement, resize
from longtail.errors import UserError
from longtail.export.bundle import Member
from longtail.serve.limits import Limits, Refused

_NAMELESS = Path("image")  # stands for whatever the client called it
_PREVIEW = 1024  # pixels of the longer side


@dataclass(frozen=True, eq=False)
class Picture:
    """One image: (height, width) of the original, and the pixels `(H, W, Ch)` for each kind of input."""

    original: tuple[int, int]
    pixels: dict[tuple[object, ...], Grey]


def picture(data: bytes, members: tuple[Member, ...], limits: Limits) -> Picture:
    """Decode once for each kind of input that the members need."""
    require_image(data, limits)
    found: dict[tuple[object, ...], Grey] = {}
    original = (0, 0)
    for member in members:
        if member.images not in found:
            whole = _decoded(data, member)
            original = whole[1]
            small = resize(whole[0], member.image_size, member.resize, original=original)
            found[member.images] = with_channels(small, member.channels)
    return Picture(original, found)


def require_image(data: bytes, limits: Limits) -> None:
    """Refuse what is no image, or too large a one, by its header alone."""
    kind = kind_of(data[:HEADER_BYTES], _NAMELESS)
    if kind is None:
        raise Refused(415, "a file is none of JPEG, PNG, TIFF, WebP, BMP and DICOM.")
    try:
        width, height = _dicom_size(data) if kind == "DICOM" else _raster_size(kind, data)
    except Exception as error:  # decoders raise nearly anything on damaged headers
        raise Refused(422, "an image is damaged: its header cannot be read.") from error
    if width * height > limits.pixels:
        raise Refused(413, f"an image has more than the {limits.pixels:,} pixels that are taken; make it smaller.")


def covered(member: Member, original: tuple[int, int]) -> tuple[float, float, float, float]:
    """Which part of the original a member's square input shows (left, top, right, bottom), in fractions of its sides.

    Below 0 and above 1 is outside of it (where `pad` put black).
    """
    place = placement(original, member.image_size, member.resize)
    (l0, t0, r0, b0), (l1, t1, r1, b1) = place.source, place.target
    x, y = (r0 - l0) / (r1 - l1), (b0 - t0) / (b1 - t1)
    height, width = original
    left, top = l0 - l1 * x, t0 - t1 * y
    size = member.image_size
    return left / width, top / height, (left + size * x) / width, (top + size * y) / height


def preview(data: bytes, member: Member, limits: Limits) -> bytes:
    """The upright image as a PNG that every browser shows, in grey, or in colour where the file has it."""
    require_image(data, limits)
    pixels, (height, width) = _decoded(data, member, at_least=_PREVIEW // 2)
    scale = min(1.0, _PREVIEW / max(height, width))
    small = resize(pixels, (max(1, round(height * scale)), max(1, round(width * scale))), original=(height, width))
    out = io.BytesIO()
    Image.fromarray(small[..., 0] if small.shape[2] == 1 else small).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _decoded(data: bytes, member: Member, at_least: int | None = None) -> tuple[Grey, tuple[int, int]]:
    try:
        window = window_of(member.window)
        side = at_least or member.image_size
        found = read_pixels(data, _NAMELESS, channels=member.channels, at_least=side, window=window)
    except ImageError as error:
        raise Refused(413 if "over the limit" in error.reason else 422, "an image cannot be used: it is damaged, cut"
                      " short, of several frames, or coded in a way that nothing here reads.") from error  # fmt: skip
    except UserError as error:  # a decoder that is not installed: the server's owner must know, the client need not
        raise Refused(415, "an image is coded in a way that this server cannot read.") from error
    return found.pixels, found.original


def _raster_size(kind: str, data: bytes) -> tuple[int, int]:
    with open_raster(kind, io.BytesIO(data)) as image:  # type: ignore[arg-type]  # DICOM was told apart
        return stored_size(image)


def _dicom_size(data: bytes) -> tuple[int, int]:
    from pydicom import dcmread

    header = dcmread(io.BytesIO(data), stop_before_pixels=True, specific_tags=["Rows", "Columns"], force=True)
    return int(header.Columns), int(header.Rows)
