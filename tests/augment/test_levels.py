import numpy as np
import pytest
import torch
from made_images import smooth_pixels

from longtail.augment.levels import batch_levels, write_levels
from longtail.augment.normalize import check_moments
from longtail.errors import UserError

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.mark.parametrize("rescale", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("low", [0, 40])
def test_both_ways_against_the_formula(channels: int, rescale: bool, low: int) -> None:
    image = (smooth_pixels(1, channels)[0] * 0.5 + low).astype(np.uint8)
    mean, std = MEAN[:channels], STD[:channels]
    levels = image / 255
    if rescale:
        least, most = levels.min(axis=(0, 1)), levels.max(axis=(0, 1))
        levels = (levels - least) / (most - least)
    expected = ((levels - mean) / std).transpose(2, 0, 1)
    found = np.empty((channels, 48, 48), np.float32)
    write_levels(image, found, mean, std, rescale)
    assert np.abs(found - expected).max() < 2e-6
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    assert np.abs(batch_levels(batch, mean, std, rescale).numpy()[0] - expected).max() < 5e-6


@pytest.mark.parametrize("level", [0, 17, 255])
def test_an_image_of_one_level(level: int) -> None:
    image, found = np.full((6, 5, 1), level, np.uint8), np.empty((1, 6, 5), np.float32)
    write_levels(image, found, np.array([0.5]), np.array([0.25]), False)
    assert found == pytest.approx(np.full((1, 6, 5), (level / 255 - 0.5) / 0.25))
    write_levels(image, found, np.array([0.5]), np.array([0.25]), True)
    assert found == pytest.approx(np.full((1, 6, 5), -2.0))
    batch = torch.full((1, 1, 6, 5), level / 255)
    assert batch_levels(batch, np.array([0.5]), np.array([0.25]), True).eq(-2).all()


def test_moments_that_make_no_sense() -> None:
    assert check_moments(0.5, [0.1, 0.2]) == ([0.5], [0.1, 0.2])
    with pytest.raises(UserError, match="standard deviations are greater than 0"):
        check_moments(0, 0)
    with pytest.raises(UserError, match="'mean' has 3 numbers and 'std' 2"):
        check_moments([0, 0, 0], [1, 1])
