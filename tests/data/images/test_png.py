"""PNG encoding against Pillow's decoder."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from longtail.data.images.png import encode_png, write_pngs


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([None, 1, 3, 4]), st.integers(0, 2**32 - 1))
def test_pillow_reads_the_same_pixels(height: int, width: int, channels: int | None, seed: int):
    shape = (height, width) if channels is None else (height, width, channels)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    expected = pixels[..., 0] if channels == 1 else pixels
    assert np.array_equal(decoded(encode_png(pixels)), expected)


def test_sixteen_bits():
    pixels = np.array([[0, 1, 256], [65535, 4660, 255]], dtype=np.uint16)
    assert np.array_equal(decoded(encode_png(pixels)), pixels)
    assert np.array_equal(decoded(encode_png(pixels.astype(">u2"))), pixels)


def test_views_that_are_not_contiguous():
    pixels = np.arange(2 * 5 * 7 * 3, dtype=np.uint8).reshape(2, 5, 7, 3)
    assert np.array_equal(decoded(encode_png(pixels[1, ::2, ::-1])), pixels[1, ::2, ::-1])


def test_smooth_images_are_small():
    ramp = np.tile(np.arange(224, dtype=np.uint8), (224, 1))
    assert len(encode_png(ramp)) < len(zlib.compress(ramp.tobytes(), 1))


def test_names_go_on_over_batches(tmp_path: Path):
    batches = [np.full((600, 2, 2), 1, np.uint8), np.full((1, 3, 4, 3), 2, np.uint8), np.zeros((0, 2, 2), np.uint8)]
    names = write_pngs(batches, tmp_path / "new")
    assert names[0] == "000000.png"
    assert names[600] == "000600.png"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == names
    assert decoded((tmp_path / "new" / names[600]).read_bytes()).shape == (3, 4, 3)


def test_a_half_written_image_is_mended_by_the_next_run(tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4), dtype=np.uint8)
    names = write_pngs([images], tmp_path)
    (tmp_path / names[1]).write_bytes(b"half")
    write_pngs([images], tmp_path)
    assert np.array_equal(decoded((tmp_path / names[1]).read_bytes()), images[1])


def test_a_folder_that_is_a_file(tmp_path: Path):
    (tmp_path / "images").write_text("")
    with pytest.raises(Exception, match="a file stands in its way"):
        write_pngs([], tmp_path / "images")
