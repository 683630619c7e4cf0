import numpy as np
import pytest
import torch
import torchvision.transforms.v2.functional as tv
from made_images import smooth_pixels

from longtail.augment import Augment
from longtail.augment.rand_augment import MOST, MOVES, NAMES, RandAugment, operate
from longtail.augment.rand_operations import OPERATIONS, bits_of, factor_of, threshold_of
from longtail.augment.row_chances import chances


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("strength", [-0.8, -0.3, 0.3, 1.0])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operations_mean_what_torchvision_means(name: str, strength: float, channels: int) -> None:
    image = smooth_pixels(1, channels, seed=3)[0]
    image = (image * 0.7 + 20).astype(np.uint8)
    found = OPERATIONS[name](image.copy(), strength)
    levels = torch.from_numpy(image).permute(2, 0, 1)[None]
    reference = operate(levels, name, strength)[0].permute(1, 2, 0).numpy()
    assert found.shape == image.shape
    # Torchvision cuts fractions off, OpenCV rounds.
    assert np.abs(found.astype(int) - reference).max() <= (2 if name in ("contrast", "color") else 1)
    if name == "posterize":
        assert np.array_equal(found, tv.posterize(levels, bits_of(strength))[0].permute(1, 2, 0).numpy())


@pytest.mark.parametrize("name", ["autocontrast", "equalize"])
def test_an_image_of_one_level_stays(name: str) -> None:
    flat = np.full((8, 8, 3), 77, np.uint8)
    assert np.array_equal(OPERATIONS[name](flat, 0.5), flat)


def test_the_ranges_at_the_ends() -> None:
    assert [factor_of(s) for s in (-1, 0, 1)] == pytest.approx([0.1, 1, 1.9])
    assert [bits_of(s) for s in (0, -0.5, 1)] == [8, 6, 4]
    assert [threshold_of(s) for s in (0, 1)] == [255, 0]


def test_every_operation_is_drawn_as_often() -> None:
    step = RandAugment(operations=2, magnitude=15)
    settings = step.settings(chances(0, 0, np.arange(14_000), "r", step.draws, None), (8, 8))
    counts = np.bincount(settings[:, :2].astype(int).ravel(), minlength=len(NAMES))
    assert len(counts) == len(NAMES) == 14
    assert np.abs(counts - 2000).max() < 250
    assert set(np.unique(settings[:, 2:])) == {-0.5, 0.5}


def test_moves_compose_in_the_order_drawn() -> None:
    step = RandAugment(operations=2, magnitude=MOST)
    numbers = [(NAMES.index(name) + 0.5) / len(NAMES) for name in ("rotate", "translate_x")]
    chance = np.array([[*numbers, 0.9, 0.9], [*numbers[::-1], 0.9, 0.9]])
    first, second = step.matrices(chance, (331, 331))
    # Turned first: what is now in the centre was moved there along x, in the turned image.
    turned = np.deg2rad(30)
    away = 150 * np.array([np.cos(turned), np.sin(turned)])
    assert first @ [165.5, 165.5, 1] == pytest.approx([165.5 + away[0], 165.5 + away[1], 1])
    assert second @ [165.5, 165.5, 1] == pytest.approx([165.5 + 150, 165.5, 1])


def test_moves_alone_leave_the_values_to_the_warp() -> None:
    step, image = RandAugment(operations=1), smooth_pixels(1, 3)[0]
    for name in ("identity", *MOVES):
        assert np.array_equal(step.apply(image.copy(), np.array([NAMES.index(name), 0.3])), image)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_magnitude_changes_next_to_nothing(channels: int) -> None:
    pixels = smooth_pixels(32, channels)
    plain = Augment([], mean=0, std=1, seed=0)(pixels, np.arange(32), 0)
    step = {"rand_augment": {"operations": 1, "magnitude": 0}}
    found = Augment([step], mean=0, std=1, seed=0)(pixels, np.arange(32), 0)
    same = [(a - b).abs().max() < 0.01 for a, b in zip(plain, found, strict=True)]
    assert sum(same) >= 20  # equalize has no magnitude
