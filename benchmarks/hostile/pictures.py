"""Sound image files of every kind, and what can be wrong with one: shared by the tables of images and the uploads."""

import io
import random
import struct
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hostile.damage import DAMAGE
from longtail.data import phantoms

TAGS: dict[str, tuple[Any, ...]] = {
    "Rows": (0, 1, 65535), "Columns": (0, 1, 65535), "BitsAllocated": (0, 1, 8, 12, 32, 64), "BitsStored": (0, 1, 99),
    "HighBit": (0, 15, 99), "SamplesPerPixel": (0, 3, 999), "PixelRepresentation": (1, 7), "NumberOfFrames": (0, 2,
    10**8),
    "PhotometricInterpretation": ("MONOCHROME1", "RGB", "PALETTE COLOR", "YBR_FULL", "?" * 99, ""), "RescaleSlope": (0,
    1e308, -1),
    "RescaleIntercept": (-1e308,), "WindowWidth": (0, -5, [1, 2]), "WindowCenter": (1e300, []), "PixelData": (b"",
    b"\xff" * 7),
    "PlanarConfiguration": (1, 9), "VOILUTFunction": ("SIGMOID", "x"), "PixelAspectRatio": ([0, 0], [1]),
}  # fmt: skip


def whole_images(folder: Path) -> list[Path]:
    """A sound file of each kind."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (80, 96, 3)).astype(np.uint8)
    pictures = {"rgb": pixels, "grey": pixels[..., 0], "deep": pixels[..., 0].astype(np.uint16) * 257}
    wanted = [("rgb", "png"), ("grey", "png"), ("deep", "png"), ("rgb", "jpg"), ("grey", "jpg"), ("rgb", "tiff")]
    for name, suffix in [*wanted, ("rgb", "webp"), ("grey", "bmp")]:
        Image.fromarray(pictures[name]).save(folder / f"{name}.{suffix}")
    try:
        phantoms(folder / "dicom", patients=1, size=96, format="dicom")
    except Exception as error:
        print(f"without DICOM: {error}", file=sys.stderr)
    return sorted(folder.glob("*.*")) + sorted(folder.glob("dicom/images/*"))[:2]


def odd_images(folder: Path) -> dict[str, bytes]:
    """Sound files, by name, of the less usual kinds: few tools write them, and all of them stand in some archive."""
    folder.mkdir()
    grey = np.random.default_rng(1).integers(0, 255, (70, 90)).astype(np.uint8)
    image, colour = (
        Image.fromarray(grey),
        Image.fromarray(np.dstack([grey, grey[::-1], grey.T[:70, :70].repeat(2, 1)[:, :90]])),
    )
    frames = [colour, colour.rotate(90), colour.rotate(180)]
    several: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    saves: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "1x1.png": (image.resize((1, 1)), {}), "1x3000.png": (image.resize((1, 3000)), {}),
        "3000x1.jpg": (image.resize((3000, 1)), {}),
        "palette.png": (colour.convert("P"), {}), "palette transparent.png": (colour.convert("P"),
        {"transparency": 3}), "one bit.png": (image.convert("1"), {}),
        "grey alpha.png": (image.convert("LA"), {}), "rgba.png": (colour.convert("RGBA"), {}),
        "16 bit.png": (Image.fromarray(grey.astype(np.uint16) * 257), {}),
        "16 bit.tiff": (Image.fromarray(grey.astype(np.uint16) * 257), {}),
        "float.tiff": (Image.fromarray(grey.astype(np.float32)), {}),
        "32 bit.tiff": (Image.fromarray(grey.astype(np.int32)), {}),
        "not numbers.tiff": (Image.fromarray(np.full((70, 90), np.nan, np.float32)), {}),
        "cmyk.jpg": (colour.convert("CMYK"), {}), "cmyk.tiff": (colour.convert("CMYK"), {}),
        "lab.tiff": (colour.convert("LAB"), {}), "ycbcr.tiff": (colour.convert("YCbCr"), {"compression": "jpeg"}),
        "lzw.tiff": (colour, {"compression": "tiff_lzw"}),
        "group 4.tiff": (image.convert("1"), {"compression": "group4"}), "progressive.jpg": (colour,
        {"progressive": True}), "worst.jpg": (colour, {"quality": 1}),
        "lossless.webp": (colour, {"lossless": True}), "alpha.webp": (colour.convert("RGBA"), {}),
        "animated.webp": (colour, several), "animated.png": (colour, several),
        "animated.gif": (colour, several), "pages.tiff": (colour, several), "palette.bmp": (colour.convert("P"), {}),
        "one bit.bmp": (image.convert("1"), {}), "image.ico": (colour, {}),
        "image.ppm": (colour, {}), "image.jp2": (colour, {}),
    }  # fmt: skip
    for name, (picture, settings) in saves.items():
        with suppress(Exception):  # a Pillow built without this codec
            picture.save(folder / name, **settings)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.stat().st_size}


def strange_png(data: bytes, dice: random.Random) -> bytes:
    """A chunk changed and its checksum made right again, so that decoders go on reading."""
    chunks, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    victim = dice.randrange(len(chunks))
    name, content = chunks[victim]
    chunks[victim] = (name, dice.choice(DAMAGE)(content, dice) if content else dice.randbytes(9))
    if dice.random() < 0.3:
        bomb = dice.choice((b"zTXt", b"iCCP")), b"x\0\0" + zlib.compress(bytes(30_000_000))
        chunks.insert(1, bomb if dice.random() < 0.2 else dice.choice(chunks))
    return png(chunks)


def png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks, with right checksums."""
    written = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def strange_dicom(data: bytes, dice: random.Random) -> bytes:
    """Tags set to what they should not be, or gone; the file as such stays sound."""
    import pydicom
    from pydicom import uid

    header = pydicom.dcmread(io.BytesIO(data))
    for name in dice.sample(sorted(TAGS), dice.randint(1, 3)):
        with suppress(Exception):
            if dice.random() < 0.3:
                delattr(header, name)
            else:
                setattr(header, name, dice.choice(TAGS[name]))
    if dice.random() < 0.3:
        syntaxes = (uid.JPEG2000, uid.RLELossless, uid.JPEGLSLossless, uid.JPEGBaseline8Bit,
        uid.DeflatedExplicitVRLittleEndian,
                    uid.ExplicitVRBigEndian, uid.ImplicitVRLittleEndian, "1.2.3")  # fmt: skip
        header.file_meta.TransferSyntaxUID = dice.choice(syntaxes)
    out = io.BytesIO()
    try:
        header.save_as(out)
    except Exception:  # what pydicom will not write is damaged otherwise
        return DAMAGE[0](data, dice)
    return out.getvalue()


def bomb(dice: random.Random) -> tuple[str, bytes]:
    """A small file whose header promises more pixels than memory has, or nearly."""
    side = dice.choice((20_000, 32_768, 60_000, 65_535))
    zeros = zlib.compress(bytes(2_000_000))
    many: dict[str, Callable[[], bytes]] = {
        "png": lambda: png([(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zeros), (b"IEND",
        b"")]),
        "long png": lambda: png([(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zeros),
        (b"IEND", b"")]),
        "bmp": lambda: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0,
        0) + bytes(300),
        "flat png": lambda: png([(b"IHDR", struct.pack(">IIBBBBB", 11_000, 11_000, 8, 0, 0, 0, 0)), (b"IDAT",
        zlib.compress(bytes(11_001 * 11_000), 1)), (b"IEND", b"")]),
        "jpg": lambda: _resized_jpeg(side), "tiff": lambda: _resized_tiff(side),
    }  # fmt: skip
    name = dice.choice([*many, "png", "jpg", "tiff"])
    return f"bomb: {name}", many[name]()


def _resized_jpeg(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "JPEG", progressive=bool(side % 2))
    data = out.getvalue()
    at = data.index(b"\xff\xc2" if side % 2 else b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", side, side) + data[at + 4 :]


def _resized_tiff(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "TIFF", compression="tiff_lzw")
    data = out.getvalue()
    for tag in (256, 257):
        at = data.index(
            struct.pack("<HH", tag, 3) if struct.pack("<HH", tag, 3) in data else struct.pack("<HH", tag, 4)
        )
        data = data[: at + 2] + struct.pack("<HII", 4, 1, side) + data[at + 12 :]
    return data
