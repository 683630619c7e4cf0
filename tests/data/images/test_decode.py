import io
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.data.images import image_file
from longtail.data.images.decode import decode, image_size
from longtail.data.images.image_file import ImageError
from longtail.data.images.jpeg import fewest_eighths, turned
from longtail.data.images.raster import luma


def picture(height: int = 90, width: int = 130, channels: int = 3) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / (9 + 4 * c) + y / (13 - 3 * c)) for c in range(channels)]
    return np.stack(planes, -1).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> Path:
    Image.fromarray(pixels.squeeze()).convert(mode or ("RGB" if pixels.shape[-1] == 3 else "L")).save(path, **options)
    return path


def by_pillow(path: Path, mode: str) -> np.ndarray:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert(mode))
    return pixels if pixels.ndim == 3 else pixels[..., None]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp", "bmp"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stored", [1, 3])
def test_equals_pillow(tmp_path: Path, suffix: str, channels: int, stored: int) -> None:
    path = saved(tmp_path / f"a.{suffix}", picture(channels=stored))
    found = decode(path, channels=channels)
    assert found.shape == (90, 130, channels)
    gap = np.abs(found.astype(int) - by_pillow(path, "L" if channels == 1 else "RGB"))
    # A colour JPEG's own luma is not rounded by way of RGB, where it may be cut off at 0 and 255.
    assert np.median(gap) <= (1 if suffix == "jpg" else 0)
    assert gap.max() <= (3 if suffix == "jpg" else 0)
    assert image_size(path) == (130, 90)


@pytest.mark.parametrize("options", [{"subsampling": "4:2:0"}, {"progressive": True}, {"subsampling": "4:4:4"}])
@pytest.mark.parametrize(("height", "width"), [(803, 1201), (1024, 768)])
def test_scaled_jpeg_is_near_the_full_decode(tmp_path: Path, options: dict, height: int, width: int) -> None:
    path = saved(tmp_path / "a.jpg", picture(height, width), quality=92, **options)
    small = decode(path, channels=3, at_least=64)
    assert 128 <= min(small.shape[:2]) < min(height, width) / 2
    full = by_pillow(path, "RGB")
    full = np.pad(
        full, ((0, -height % 4), (0, -width % 4), (0, 0)), mode="edge"
    )  # the last blocks reach past the image
    means = full.reshape(small.shape[0], full.shape[0] // small.shape[0], small.shape[1], -1, 3).mean(axis=(1, 3))
    assert np.abs(small - means).mean() < 1


def test_scale_is_never_below_twice_the_target() -> None:
    assert fewest_eighths(2048, 224) == 2
    assert fewest_eighths(2048, 128) == 1
    assert fewest_eighths(2048, 129) == 2
    assert fewest_eighths(400, 224) == 8
    assert fewest_eighths(1000, None) == 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_exif_orientation(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(tmp_path / f"a.{suffix}", picture(40, 56, 1), exif=exif, **options)
    plain = by_pillow(saved(tmp_path / f"b.{suffix}", picture(40, 56, 1), **options), "L")
    assert np.array_equal(decode(path), turned(plain, orientation))
    assert image_size(path) == ((56, 40) if orientation < 5 else (40, 56))


def test_turned_is_the_exif_standard() -> None:
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    assert turned(stored, 6)[..., 0].tolist() == [[3, 0], [4, 1], [5, 2]]  # top row is the right side: turn clockwise
    assert turned(stored, 8)[..., 0].tolist() == [[2, 5], [1, 4], [0, 3]]
    assert turned(stored, 3)[..., 0].tolist() == [[5, 4, 3], [2, 1, 0]]


def test_sixteen_bits(tmp_path: Path) -> None:
    levels = np.linspace(1000, 5000, 64 * 64).astype(np.uint16).reshape(64, 64)
    for name in ("a.png", "a.tiff"):
        Image.fromarray(levels).save(tmp_path / name)
        assert np.array_equal(decode(tmp_path / name)[..., 0], np.rint(levels / 257).astype(np.uint8))
        stretched = decode(tmp_path / name, window="minmax", channels=3)
        assert (stretched.min(), stretched.max(), stretched.shape) == (0, 255, (64, 64, 3))
        assert decode(tmp_path / name, window=(3000, 2))[..., 0].tolist()[0][0] == 0


def test_white_is_zero_in_a_16_bit_tiff(tmp_path: Path) -> None:
    levels = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    Image.fromarray(levels).save(tmp_path / "a.tiff")
    black = decode(tmp_path / "a.tiff")
    data = bytearray((tmp_path / "a.tiff").read_bytes())
    at = data.index((262).to_bytes(2, "little") + (3).to_bytes(2, "little"))
    data[at + 8 : at + 10] = b"\0\0"
    (tmp_path / "b.tiff").write_bytes(data)
    assert np.array_equal(decode(tmp_path / "b.tiff"), 255 - black)


def test_floating_levels_need_a_window(tmp_path: Path) -> None:
    Image.fromarray(np.linspace(-1, 1, 400, dtype=np.float32).reshape(20, 20)).save(tmp_path / "a.tiff")
    with pytest.raises(ImageError, match="no stated full range"):
        decode(tmp_path / "a.tiff")
    assert decode(tmp_path / "a.tiff", window="minmax").max() == 255


def test_transparency_is_white_and_palettes_are_colours(tmp_path: Path) -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:, 4:] = (200, 10, 20, 255)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    found = decode(tmp_path / "a.png", channels=3)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 7].tolist() == [200, 10, 20]
    assert np.array_equal(decode(tmp_path / "a.png"), luma(found))
    Image.fromarray(rgba[..., :3]).quantize(4).save(tmp_path / "p.png")
    assert np.abs(decode(tmp_path / "p.png", channels=3)[0, 7].astype(int) - [200, 10, 20]).max() <= 1


def test_cmyk_is_not_inverted(tmp_path: Path) -> None:
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "red.jpg", quality=95)
    red = decode(tmp_path / "red.jpg", channels=3, at_least=4)[16, 16].astype(int)
    assert np.abs(red - [255, 0, 0]).max() < 8


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("text.png", b"<html>not found</html>", "none of JPEG"),
        ("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "damaged or cut short"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged or cut short"),
    ],
)
def test_refusals_name_file_and_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match=reason) as caught:
        decode(tmp_path / name)
    assert name in str(caught.value)
    assert image_size(tmp_path / name) is None


def test_absent_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        decode(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="directory"):
        decode(tmp_path)
    with pytest.raises(ImageError, match="not a file"):
        decode(Path("/dev/null"))


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", picture(64, 64))
    monkeypatch.setattr(image_file, "MAX_PIXELS", 1000)
    with pytest.raises(ImageError, match="over the limit"):
        decode(path)
    monkeypatch.setattr(image_file, "MAX_PIXELS", 10**9)
    monkeypatch.setattr(image_file, "MAX_SIDE", 63)
    with pytest.raises(ImageError, match="over the limit of 63 a side"):
        decode(saved(tmp_path / "a.jpg", picture(64, 64)))


def test_pages_are_refused(tmp_path: Path) -> None:
    page = Image.fromarray(picture())
    page.save(tmp_path / "a.tiff", save_all=True, append_images=[page, page])
    with pytest.raises(ImageError, match="3 pages"):
        decode(tmp_path / "a.tiff")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp", "bmp"])
def test_cut_files_are_never_half_an_image(tmp_path: Path, suffix: str) -> None:
    data = saved(tmp_path / f"a.{suffix}", picture()).read_bytes()
    for share in (0.3, 0.6, 0.9):
        (tmp_path / f"cut.{suffix}").write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ImageError):
            decode(tmp_path / f"cut.{suffix}")


@pytest.mark.filterwarnings("ignore")  # what decoders mutter about damaged files
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp", "bmp"])
def test_damaged_files_raise_nothing_else(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    Image.fromarray(picture(40, 50)).save(buffer, {"jpg": "JPEG"}.get(suffix, suffix.upper()))
    for _ in range(60):
        data = bytearray(buffer.getvalue())
        for at in rng.integers(0, len(data), rng.integers(1, 8)):
            data[at] = rng.integers(256)
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.3 else data)
        image_size(path)
        try:
            found = decode(path, channels=3, at_least=8)
        except ImageError:
            continue
        assert found.dtype == np.uint8
        assert found.shape[2] == 3


@pytest.mark.parametrize("suffix", ["png", "dcm"])
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    with pytest.raises(ImageError, match="it is not a file"):
        decode(tmp_path / f"pipe.{suffix}")
    assert image_size(tmp_path / f"pipe.{suffix}") is None


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    for name in ("n\0ul.png", "x" * 5000):
        with pytest.raises(ImageError, match="embedded null byte|file name too long"):
            decode(tmp_path / name)
        assert image_size(tmp_path / name) is None


def test_the_size_of_a_bomb_is_told_without_looking_at_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow's PNG reader decodes everything when it is asked for EXIF; this file says that it has 70 GB."""
    data = bytearray(saved(tmp_path / "a.png", picture()).read_bytes())
    data[16:24] = (4192).to_bytes(4, "big") + (16_924_784).to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(data)
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: pytest.fail("pixels were decoded"))
    assert image_size(tmp_path / "bomb.png") == (4192, 16_924_784)
