"""Hostile, damaged and strange image files get a refusal of 4xx without their names; good ones become pixels."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_service import encoded, made_member, png, refused_with
from PIL import Image

from longtail.serve.intake import covered, picture, preview
from longtail.serve.limits import Limits, Refused

LIMITS = Limits(pixels=1_000_000)
MEMBERS = (made_member(), made_member("large", size=24), made_member("same"))


def bomb() -> bytes:
    """A PNG of a few bytes whose header says 30,000 x 30,000."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png()[33:]


def test_each_kind_of_input_is_made_once() -> None:
    found = picture(png(77), MEMBERS, LIMITS)
    assert found.original == (30, 40)
    assert {pixels.shape for pixels in found.pixels.values()} == {(16, 16, 1), (24, 24, 1)}
    assert all((pixels == 77).all() for pixels in found.pixels.values())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WebP", "BMP"])
def test_every_format(kind: str) -> None:
    colour = Image.new("RGB", (50, 20), (200, 40, 90))
    found = picture(encoded(colour, kind), MEMBERS, LIMITS)
    assert found.original == (20, 50)
    shown = preview(encoded(colour, kind), MEMBERS[0], LIMITS)
    assert shown.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"%PDF-1.7", 415),
        (b"<svg onload=alert(1)>", 415),
        (b"PK\x03\x04" + b"0" * 300, 415),
        (png()[:40], 422),
        (png()[:-32], 422),
        (encoded(Image.new("L", (64, 64)), "JPEG")[:200], 422),
        (b"\xff\xd8\xff" + b"\0" * 500, 422),
        (b"\0" * 128 + b"DICM" + b"\0" * 64, 422),
        (b"II*\0" + b"\xff" * 64, 422),
        (bomb(), 413),
        (png(size=(2000, 600)), 413),
    ],
)
def test_what_cannot_be_used_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(Refused) as found:
        picture(data, MEMBERS, LIMITS)
    assert found.value.status == status


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "TIFF", "WebP", "BMP"]), st.integers(0, 10**6), st.binary(min_size=1, max_size=8)
)
def test_flipped_bytes_never_break_it(kind: str, place: int, noise: bytes) -> None:
    data = bytearray(encoded(Image.linear_gradient("L").resize((32, 32)), kind))
    place %= len(data)
    data[place : place + len(noise)] = noise
    assert refused_with(lambda: picture(bytes(data), MEMBERS[:1], LIMITS)) < 500


def test_what_a_square_covers() -> None:
    squash, pad, crop = (covered(made_member_with(rule), (100, 200)) for rule in ("squash", "pad", "crop"))
    np.testing.assert_allclose(squash, (0, 0, 1, 1))
    np.testing.assert_allclose(pad, (0, -0.5, 1, 1.5))
    np.testing.assert_allclose(crop, (0.25, 0, 0.75, 1))


def made_member_with(rule: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(made_member(size=20), resize=rule)  # type: ignore[arg-type]
