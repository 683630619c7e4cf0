import numpy as np
import pytest
import torch
from made_images import smooth_pixels
from scipy.ndimage import affine_transform

from longtail.augment import affine
from longtail.augment.warp import Border, flipped, pixel_matrices, shrunk_and_warped, warped, warped_batch

SCIPY = {"black": "grid-constant", "edge": "nearest", "mirror": "reflect"}


def some_maps(size: tuple[int, int]) -> np.ndarray:
    turn = affine.about_centre(affine.rotation(np.array([20.0, -50.0, 180.0])), size)
    zoom = affine.scaling(np.array([0.8, 1.2, 1.0]), np.array([0.9, 1.1, 1.0]))
    return turn @ affine.moving(np.array([2.3, -1.0, 0.0]), np.array([0.4, 3.0, 0.0])) @ zoom


def by_scipy(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int], border: Border) -> np.ndarray:
    """Bilinear, plane by plane, in SciPy's order of axes."""
    inner = matrix[:2, :2][::-1, ::-1]
    offset = (matrix[:2, :2] @ [0.5, 0.5] + matrix[:2, 2] - 0.5)[::-1]
    planes = [
        affine_transform(plane.astype(float), inner, offset, size, order=1, mode=SCIPY[border])
        for plane in np.moveaxis(image, 2, 0)
    ]
    return np.stack(planes, axis=2)


@pytest.mark.parametrize("border", ["black", "edge", "mirror"])
@pytest.mark.parametrize("channels", [1, 3])
def test_both_ways_agree_with_scipy(channels: int, border: Border) -> None:
    old, new = (40, 52), (44, 36)
    pixels, maps = smooth_pixels(3, channels, *old), some_maps(old)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    by_torch = warped_batch(batch, maps, new, border).permute(0, 2, 3, 1).numpy()
    for i in range(3):
        reference = by_scipy(pixels[i], maps[i], new, border)
        by_opencv = warped(pixels[i], pixel_matrices(maps[i : i + 1])[0], new, border)
        assert by_opencv.shape == (*new, channels)
        # Older OpenCV rounds places to 1/32 of a pixel.
        assert np.abs(by_opencv - reference).max() < 5
        assert np.abs(by_opencv - reference).mean() < 0.4
        assert np.abs(by_torch[i] - reference).max() < 0.01


@pytest.mark.parametrize("channels", [1, 3])
def test_flips_are_exact(channels: int) -> None:
    image = smooth_pixels(1, channels, 5, 7)[0]
    assert np.array_equal(flipped(image, True, False), image[:, ::-1])
    assert np.array_equal(flipped(image, False, True), image[::-1])
    assert np.array_equal(flipped(image, True, True), image[::-1, ::-1])
    assert flipped(image, False, False) is image


def test_shrinking_averages_instead_of_skipping_pixels() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None]
    matrix = affine.resizing((64, 64), (16, 16))
    assert affine.shrink_factors(matrix) == [4]
    assert np.abs(shrunk_and_warped(board, matrix[0], 4, (16, 16), "black").astype(float) - 127.5).max() <= 1
    batch = torch.from_numpy(board).permute(2, 0, 1)[None].float()
    assert warped_batch(batch, matrix, (16, 16), "black").sub(127.5).abs().max() < 0.01


def test_each_image_of_a_batch_is_shrunk_by_its_own_factor() -> None:
    pixels = smooth_pixels(2, 1, 64, 64)
    scales = np.array([1.0, 3.2])
    maps = affine.scaling(scales, scales)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    found = warped_batch(batch, maps, (20, 20), "edge")
    for i in range(2):
        assert torch.equal(found[i : i + 1], warped_batch(batch[i : i + 1], maps[i : i + 1], (20, 20), "edge"))
    assert np.abs(found[1, 0].numpy() - shrunk_and_warped(pixels[1], maps[1], 3, (20, 20), "edge")[..., 0]).max() < 1.5
