from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from longtail.data.images.jpeg import has_exif


def _jpeg(**options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)).save(file, "JPEG", **options)
    return file.getvalue()


def _with_segment(data: bytes, marker: int, body: bytes, fill: bytes = b"") -> bytes:
    segment = fill + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body
    return data[:2] + segment + data[2:]


def test_exif_is_found_before_the_pixels_only() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = _jpeg()
    assert not has_exif(plain)
    assert has_exif(_jpeg(exif=exif))
    assert has_exif(_with_segment(_jpeg(exif=exif), 0xE2, b"\0" * 60_000))  # a long colour profile first
    assert has_exif(_with_segment(plain, 0xE1, b"Exif\0\0rest", fill=b"\xff\xff"))
    assert not has_exif(plain + b"\xff\xe1\x00\x10Exif\0\0")  # after the image


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 5, 20, 21, 100])
def test_a_cut_header_ends_the_walk(cut: int) -> None:
    assert not has_exif(_jpeg()[:cut])
