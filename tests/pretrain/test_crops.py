"""Multi-crop: shapes, depth of 16 bits, and that a view depends on (seed, step, row, number) alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from longtail.augment.greyscale import Greyscale
from longtail.augment.levels import batch_levels
from longtail.pretrain.crops import MultiCrop, as_floats, view_steps
from longtail.pretrain.settings import Dinov2Settings

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 48, 40, 1), dtype=np.uint8)
ROWS = np.array([3, 14, 15, 92])


def _crops(settings: Dinov2Settings, channels: int = 1) -> MultiCrop:
    return MultiCrop(settings, mean=(0.5,) * channels, std=(0.25,) * channels, seed=5)


def test_large_and_small_views(tiny: Dinov2Settings) -> None:
    crops = _crops(tiny)(PIXELS, ROWS, 0)
    assert crops.large.shape == (8, 1, 32, 32)
    assert crops.small is not None
    assert crops.small.shape == (8, 1, 16, 16)
    assert _crops(replace(tiny, local_crops=0))(PIXELS, ROWS, 0).small is None


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_an_image_looks_the_same_in_any_batch_and_other_at_each_step_and_view(
    tiny: Dinov2Settings, depth: type
) -> None:
    pixels = PIXELS if depth is np.uint8 else PIXELS.astype(np.uint16) * 257
    crops = _crops(tiny)
    every, one = crops(pixels, ROWS, 7).large, crops(pixels[2:3], ROWS[2:3], 7).large
    torch.testing.assert_close(every[2], one[0])
    torch.testing.assert_close(every[6], one[1])
    assert not torch.equal(every[2], every[6])
    assert not torch.equal(every, crops(pixels, ROWS, 8).large)


def test_16_bits_look_like_8_but_keep_levels_between(tiny: Dinov2Settings) -> None:
    crops = _crops(tiny)
    small, deep = crops(PIXELS, ROWS, 1).large, crops(PIXELS.astype(np.uint16) * 257, ROWS, 1).large
    assert (small - deep).abs().mean() < 0.05  # rounding and OpenCV's fixed-point warp
    narrow = np.broadcast_to(np.linspace(1000, 1200, 40).astype(np.uint16)[None, None, :, None], PIXELS.shape)
    found = crops(np.ascontiguousarray(narrow), ROWS, 1).large
    assert len(found[0].unique()) > 30  # of one 8-bit level


def test_floats_of_any_depth() -> None:
    for depth, most in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1)):
        pixels = np.array([0, most], dtype=depth).reshape(1, 2, 1, 1)
        assert as_floats(pixels).flatten().tolist() == [0, 1]
    assert batch_levels(as_floats(PIXELS), np.array([0.5]), np.array([0.5]), False).shape == (4, 1, 48, 40)


def test_grey_has_no_colour_steps_and_colour_images_work(tiny: Dinov2Settings) -> None:
    names = [type(step).__name__ for step in view_steps(tiny, (0.5, 1), 32, blur=1)]
    assert names == ["RandomResizedCrop", "HFlip", "IntensityJitter", "Blur", "Solarize"]
    coloured = view_steps(replace(tiny, look="colour"), (0.5, 1), 32, blur=1)
    assert [step.probability for step in coloured if isinstance(step, Greyscale)] == [0.2]
    crops = _crops(replace(tiny, look="colour", solarize=1.0), 3)(np.repeat(PIXELS, 3, 3), ROWS, 0)
    assert crops.large.shape == (8, 3, 32, 32)
