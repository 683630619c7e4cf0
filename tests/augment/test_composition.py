import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_images import smooth_pixels

from longtail.augment import Augment
from longtail.augment.building import StepSpec
from longtail.augment.levels import batch_levels
from longtail.augment.on_device import augment_on_device
from longtail.errors import UserError

GEOMETRY: list[StepSpec] = ["hflip", "vflip", "rotate", "random_resized_crop", "shift_scale"]
PIXELS: list[StepSpec] = ["color_jitter", "intensity_jitter", "blur", "noise", "cutout"]
ALL: list[StepSpec] = [*GEOMETRY, *PIXELS, {"rand_augment": {"operations": 3}}, "cutout", "min_max"]
MOMENTS = {1: (0.5, 0.25), 3: ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])}


def made(steps: list[StepSpec], channels: int, **settings: object) -> Augment:
    mean, std = MOMENTS[channels]
    return Augment(steps, mean=mean, std=std, seed=4, **settings)  # type: ignore[arg-type]


def as_batches(augment: Augment, pixels: np.ndarray, rows: np.ndarray) -> torch.Tensor:
    """The way of a GPU, here."""
    plan = augment.plan(pixels.shape[1:3], rows, 2)
    images = augment_on_device(torch.from_numpy(pixels), plan, augment.border)
    return batch_levels(images, *augment._moments(pixels.shape[3]), augment.rescale)


@pytest.mark.parametrize("channels", [1, 3])
def test_no_steps_only_normalise(channels: int) -> None:
    pixels = smooth_pixels(5, channels)
    mean, std = (np.array(m) for m in MOMENTS[channels])
    expected = ((pixels / 255 - mean) / std).transpose(0, 3, 1, 2)
    found = made([], channels)(pixels, range(5), 0)
    assert found.dtype == torch.float32
    assert found.is_contiguous()
    assert np.abs(found.numpy() - expected).max() < 1e-5
    assert torch.equal(found, made([], channels)(torch.from_numpy(pixels), range(5), 0))


@pytest.mark.parametrize("channels", [1, 3])
@given(st.permutations(range(8)), st.integers(1, 7))
@settings(max_examples=8, deadline=None)
def test_an_image_does_not_depend_on_its_batch(channels: int, order: list[int], cut: int) -> None:
    pixels, rows, augment = smooth_pixels(8, channels), np.arange(8) * 13, made(ALL, channels)
    whole, some = augment(pixels, rows, 2), np.array(order[:cut])
    assert torch.equal(augment(pixels[some], rows[some], 2), whole[torch.from_numpy(some)])
    assert torch.equal(pickle.loads(pickle.dumps(augment))(pixels, rows, 2), whole)  # noqa: S301
    assert torch.equal(made(ALL, channels, threads=3)(pixels, rows, 2), whole)
    batches = as_batches(augment, pixels, rows)
    assert torch.equal(as_batches(augment, pixels[some], rows[some]), batches[torch.from_numpy(some)])


def test_epoch_seed_and_repeat_change_it_and_the_pixels_stay() -> None:
    pixels, rows, augment = smooth_pixels(8, 3), np.arange(8), made(ALL, 3)
    before = pixels.copy()
    first = augment(pixels, rows, 0)
    assert torch.equal(first, augment(pixels, rows, 0))
    assert not torch.equal(first, augment(pixels, rows, 1))
    assert not torch.equal(first, Augment(ALL, mean=0.5, std=0.25, seed=5)(pixels, rows, 0))
    again = augment(pixels, rows, 0, repeats=[0, 1] * 4)
    assert [torch.equal(a, b) for a, b in zip(first, again, strict=True)] == [True, False] * 4
    assert np.array_equal(pixels, before)


def test_flips_holes_and_normalise_against_slices() -> None:
    pixels, rows = smooth_pixels(64, 3), np.arange(64)
    found = made(["hflip", "vflip"], 3)(pixels, rows, 0)
    plain = made([], 3)(pixels, rows, 0)
    turned = [plain, plain.flip(3), plain.flip(2), plain.flip(2, 3)]
    which = [[torch.equal(t[i], found[i]) for t in turned].index(True) for i in range(64)]
    assert np.bincount(which, minlength=4).min() > 5  # each way, about a quarter
    holed = made(["hflip", "vflip", "cutout"], 3)(pixels, rows, 0)
    black = (0 - torch.tensor(MOMENTS[3][0])) / torch.tensor(MOMENTS[3][1])
    changed = ((holed - found).abs() > 1e-4).any(dim=1)
    assert 20 < changed.any(dim=(1, 2)).sum() < 44
    assert (holed.permute(0, 2, 3, 1)[changed] - black).abs().max() < 1e-5


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [None, 32, 64])
def test_both_ways_agree(channels: int, size: int | None) -> None:
    pixels, rows = smooth_pixels(16, channels), np.arange(16)
    augment = made([*GEOMETRY, "color_jitter", "blur", "cutout"], channels, size=size)
    found, batches = augment(pixels, rows, 2), as_batches(augment, pixels, rows)
    assert found.shape == batches.shape == (16, channels, size or 48, size or 48)
    assert (found - batches).abs().mean() < 0.6 / 255 / 0.22
    assert (found - batches).abs().max() < 5 / 255 / 0.22


def test_all_geometry_is_one_resampling() -> None:
    """A turn and its opposite, were they two warps, would blur; and an image of noise shows it."""
    noise = np.random.default_rng(0).integers(0, 256, (1, 40, 40, 1), dtype=np.uint8)
    turn = {"rotate": {"degrees": 40, "probability": 1}}
    augment = Augment([turn, "hflip", turn], mean=0, std=1 / 255, seed=0)
    plan = augment.plan((40, 40), [0], 0)
    one_by_one = [Augment([step], mean=0, std=1, seed=0).plan((40, 40), [0], 0).matrices for step in (turn, "hflip")]
    assert not np.allclose(plan.matrices, one_by_one[0])
    assert augment(noise, [0], 0).std() > 0.5 * noise.std()


def test_another_size_is_a_plain_resize() -> None:
    pixels = smooth_pixels(2, 1, 64, 64)
    found = Augment([], mean=0, std=1 / 255, seed=0, size=32)(pixels, [0, 1], 0)
    blocks = pixels.reshape(2, 32, 2, 32, 2).mean(axis=(2, 4))
    assert np.abs(found.numpy()[:, 0] - blocks).max() <= 0.51


def test_min_max_reaches_the_whole_range() -> None:
    pixels = (smooth_pixels(4, 3) // 4 + 50).astype(np.uint8)
    found = Augment(["min_max", {"normalize": {"mean": 0, "std": 1}}], mean=9, std=9, seed=0)(pixels, range(4), 0)
    assert found.amin(dim=(2, 3)).abs().max() < 1e-6
    assert found.amax(dim=(2, 3)).sub(1).abs().max() < 1e-6


def test_batches_are_not_overwritten_while_anyone_holds_them() -> None:
    pixels, augment = smooth_pixels(4, 1), made(ALL, 1)
    held = [augment(pixels, range(4), epoch) for epoch in range(8)]
    copies = [batch.clone() for batch in held]
    assert all(torch.equal(a, b) for a, b in zip(held, copies, strict=True))
    assert len({batch.data_ptr() for batch in held}) == 8
    del held
    views = [augment(pixels, range(4), epoch)[1:, :, ::2] for epoch in range(8)]
    assert all(torch.equal(v, c[1:, :, ::2]) for v, c in zip(views, copies, strict=True))


@pytest.mark.parametrize(
    ("pixels", "rows", "message"),
    [
        (np.zeros((2, 8, 8, 1), np.float32), [0, 1], "give uint8"),
        (np.zeros((2, 8, 8), np.uint8), [0, 1], "give uint8"),
        (np.zeros((2, 8, 8, 4), np.uint8), [0, 1], "give uint8"),
        (np.zeros((2, 8, 8, 1), np.uint8), [0], "2 images and 1 rows"),
        (np.zeros((2, 8, 8, 1), np.uint8), [0, 1], "'mean' has 3 numbers and the images have 1 channel"),
    ],
)
def test_batches_that_cannot_be_augmented(pixels: np.ndarray, rows: list[int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made([], 3)(pixels, rows, 0)


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(UserError, match="unknown border 'blak'. Did you mean 'black'"):
        made([], 1, border="blak")
    with pytest.raises(UserError, match="the size 0"):
        made([], 1, size=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_what_batches_give_here() -> None:
    pixels, rows = smooth_pixels(16, 3), np.arange(16)
    steps = [*GEOMETRY, "color_jitter", "intensity_jitter", "blur", "cutout", "min_max"]
    there = made(steps, 3, device="cuda")(pixels, rows, 2)
    assert there.device.type == "cuda"
    assert (there.cpu() - as_batches(made(steps, 3), pixels, rows)).abs().max() < 0.01
