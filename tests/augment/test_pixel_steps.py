"""Every pixel step in its file's own numbers, and both its ways against each other."""

import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from made_images import smooth_pixels

from longtail.augment.blur import Blur, gaussian_kernels
from longtail.augment.color_jitter import LUMA, ColorJitter
from longtail.augment.cutout import Cutout, hole_sides
from longtail.augment.intensity_jitter import IntensityJitter, level_table
from longtail.augment.noise import Noise
from longtail.augment.row_chances import chances
from longtail.augment.step import PixelStep

SIZE = (40, 56)
STEPS = [Cutout(), ColorJitter(), IntensityJitter(), Blur()]


def drawn(step: PixelStep, count: int) -> np.ndarray:
    return step.settings(chances(0, 0, np.arange(count), "step", step.draws, None), SIZE)


def batch_of(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_one_by_one_and_as_a_batch_agree(step: PixelStep, channels: int) -> None:
    pixels, settings = smooth_pixels(16, channels, *SIZE), drawn(step, 16)
    batch = step.apply_batch(batch_of(pixels), torch.from_numpy(settings)).permute(0, 2, 3, 1).numpy() * 255
    for i in range(16):
        one = step.apply(pixels[i].copy(), settings[i])
        assert one.shape == pixels[i].shape
        assert np.abs(one - batch[i]).max() < 1.2
        assert np.abs(one - batch[i]).mean() < 0.5


def test_holes_against_a_loop() -> None:
    step, image = Cutout(holes=3, fraction=0.2, fill=1.0), np.zeros((*SIZE, 1), np.uint8)
    chance = chances(0, 0, np.arange(50), "cutout", 6, None)
    for row in chance:
        expected = np.zeros_like(image)
        for y, x in row.reshape(3, 2):
            top, left = int(y * 40) - 4, int(x * 56) - 5  # sides of 8 and of 11
            for i in range(max(0, top), min(40, top + 8)):
                for j in range(max(0, left), min(56, left + 11)):
                    expected[i, j] = 255
        assert np.array_equal(step.apply(image.copy(), step.settings(row[None], SIZE)[0]), expected)


def test_tiny_holes_have_a_pixel() -> None:
    assert hole_sides(np.full((1, 2), 0.5), (10, 10), 0.001).tolist() == [[[5, 6, 5, 6]]]


def factors(**values: float) -> np.ndarray:
    """The settings of a colour jitter that draws exactly these."""
    widths = {"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.5} | {}
    neutral = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0} | values
    chance = [(neutral[k] - (0 if k == "hue" else 1) + widths[k]) / (2 * widths[k]) for k in widths]
    return ColorJitter(**widths).settings(np.array([chance]), SIZE)[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("factor", [0.6, 1.0, 1.4])
def test_colour_factors_mean_what_torchvision_means(name: str, factor: float, channels: int) -> None:
    image = smooth_pixels(1, channels, *SIZE)[0]
    function = getattr(tv, f"adjust_{name}")
    reference = function(torch.from_numpy(image).permute(2, 0, 1), factor).permute(1, 2, 0).numpy()
    if channels == 1 and name == "saturation":
        reference = image
    found = ColorJitter().apply(image, factors(**{name: factor}))
    assert np.abs(found.astype(int) - reference).max() <= 2


def test_the_hue_turns_and_the_luma_stays() -> None:
    image = (smooth_pixels(1, 3, *SIZE)[0] // 4 + 96).astype(np.uint8)  # far from clipping
    third = ColorJitter().apply(image, factors(hue=1 / 3))
    assert np.abs((third - image.astype(float)) @ LUMA).max() < 1.5
    assert np.abs(third.astype(float) - image).mean() > 5
    back = ColorJitter().apply(third, factors(hue=-1 / 3))
    assert np.abs(back.astype(int) - image).max() <= 2


def test_level_table() -> None:
    assert level_table(0, 1, 1).tolist() == list(range(256))
    assert level_table(0.1, 1, 1)[[0, 100, 250]].tolist() == [26, 126, 255]
    assert level_table(0, 0.5, 1)[[0, 255]].tolist() == [64, 191]
    assert level_table(0, 1, 2)[128] == round(128**2 / 255)


def test_gammas_brighten_as_often_as_they_darken() -> None:
    step = IntensityJitter(gamma=0.5)
    ends = step.settings(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 1.0]]), SIZE)
    assert ends[:, 2] == pytest.approx([0.5, 1, 2])
    assert ends[1, :2] == pytest.approx([0, 1])


def test_kernels_are_gaussian() -> None:
    kernels = gaussian_kernels(torch.tensor([0.5, 2.0], dtype=torch.float64), 6)
    assert kernels.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert (kernels[0] > 0).sum() == 5  # two to each side
    assert float(kernels[1, 8] / kernels[1, 6]) == pytest.approx(np.exp(-0.5))


def test_noise_has_the_drawn_strength_and_depends_on_its_seed() -> None:
    grey = np.full((200, 200, 1), 128, np.uint8)
    step = Noise(std=(0.02, 0.02))
    first, again, other = (step.apply(grey.copy(), np.array([0.02, seed])) for seed in (1.0, 1.0, 2.0))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first / 255).std() == pytest.approx(0.02, rel=0.03)
    assert first.mean() == pytest.approx(128, abs=0.1)


def test_noise_of_a_batch_does_not_depend_on_the_batch() -> None:
    images, settings = torch.full((3, 1, 50, 50), 0.5), torch.tensor([[0.1, 5.0], [0.1, 6.0], [0.1, 5.0]])
    together = Noise().apply_batch(images, settings.double())
    alone = Noise().apply_batch(images[1:2], settings[1:2].double())
    assert torch.equal(together[1:2], alone)
    assert torch.equal(together[0], together[2])
    assert float(together.std()) == pytest.approx(0.1, rel=0.05)
