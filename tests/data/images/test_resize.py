import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from longtail.data.images.decode import decode
from longtail.data.images.resize import RULES, placement, resize, transform_boxes
from longtail.errors import UserError

sides = st.integers(1, 300)


def picture(height: int, width: int, channels: int = 1) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([128 + 90 * np.sin(x / 11 + c) * np.cos(y / 17) for c in range(channels)], -1).astype(np.uint8)


@given(sides, sides, st.integers(1, 64), st.integers(1, 64), st.sampled_from(RULES), st.sampled_from([1, 3]))
@settings(max_examples=60, deadline=None)
def test_size_is_as_asked(height: int, width: int, rows: int, columns: int, rule: str, channels: int) -> None:
    found = resize(np.full((height, width, channels), 200, np.uint8), (rows, columns), rule)
    assert found.shape == (rows, columns, channels)
    assert set(np.unique(found)) <= ({0, 200} if rule == "pad" else {200})


@pytest.mark.parametrize("channels", [1, 3])
def test_squash_is_pillow(channels: int) -> None:
    pixels = picture(200, 333, channels)
    by_pillow = Image.fromarray(pixels.squeeze()).resize((64, 64), Image.Resampling.BILINEAR)
    assert np.array_equal(resize(pixels, 64).squeeze(), np.asarray(by_pillow))


def test_crop_is_shorter_side_and_centre() -> None:
    pixels = picture(200, 400)
    whole = np.asarray(Image.fromarray(pixels[..., 0]).resize((128, 64), Image.Resampling.BILINEAR))
    assert np.abs(resize(pixels, 64, "crop")[..., 0].astype(int) - whole[:, 32:96]).max() <= 1


def test_pad_fits_and_centres() -> None:
    pixels = np.full((100, 50, 1), 255, np.uint8)
    found = resize(pixels, 64, "pad")[..., 0]
    assert (found[:, 16:48] == 255).all()
    assert found.sum() == 255 * 64 * 32


@given(st.integers(40, 300), st.integers(40, 300), st.sampled_from(RULES), st.data())
@settings(max_examples=60, deadline=None)
def test_boxes_go_where_the_pixels_go(height: int, width: int, rule: str, data: st.DataObject) -> None:
    left, top = data.draw(st.integers(0, width - 20)), data.draw(st.integers(0, height - 20))
    right, bottom = data.draw(st.integers(left + 20, width)), data.draw(st.integers(top + 20, height))
    pixels = np.zeros((height, width, 1), np.uint8)
    pixels[top:bottom, left:right] = 255
    drawn = resize(pixels, 96, rule)[..., 0] / 255.0
    [box] = transform_boxes([[left, top, right, bottom]], (height, width), 96, rule)
    area = max(box[2] - box[0], 0) * max(box[3] - box[1], 0)
    assert abs(drawn.sum() - area) <= 0.02 * area + 24  # the filter blurs what is cut at the border
    ys, xs = np.nonzero(drawn > 0.5)
    if len(ys) and area > 100:
        assert np.abs(np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) - box).max() <= 1.01


def test_a_box_that_crop_cuts_off_has_no_area() -> None:
    [box] = transform_boxes([[0, 0, 10, 10]], (100, 300), 64, "crop")
    assert box[2] - box[0] == 0


def test_scaled_decodes_land_in_the_same_place(tmp_path) -> None:
    pixels = np.zeros((1003, 1501, 1), np.uint8)
    pixels[:, 1401:] = 255
    Image.fromarray(pixels[..., 0]).save(tmp_path / "a.jpg", quality=95)
    small = decode(tmp_path / "a.jpg", at_least=64)
    assert small.shape == (251, 376, 1)  # a quarter, of which the last row and column hold only a part
    for rule in RULES:
        found = resize(small, 64, rule, original=(1003, 1501)).astype(float)
        assert np.abs(found - resize(pixels, 64, rule)).mean() < 1
    strip = resize(small, 64, original=(1003, 1501)).sum() / 255 / 64
    assert abs(strip - 100 / 1501 * 64) < 0.03
    assert abs(resize(small, 64).sum() / 255 / 64 - 100 / 1501 * 64) > 0.08  # were they taken as whole


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(UserError, match="Did you mean 'squash'"):
        placement((10, 10), 8, "squish")
