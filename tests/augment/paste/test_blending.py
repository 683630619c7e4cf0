"""The pixels of pasting against plain arithmetic."""

import numpy as np
import pytest

from longtail.augment.paste.blending import faded, matched, paste_patch, ring_moments

BOX, SOURCE = (3, 4, 13, 12), (20, 10, 30, 18)


def _images(channels: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, 32, 40, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("weight", [1.0, 0.6, 0.4])
def test_a_patch_of_its_own_size_is_cut_or_blended(channels: int, weight: float) -> None:
    image, source = _images(channels)
    before = image.copy()
    paste_patch(image, BOX, source, SOURCE, weight=weight)
    patch = source[10:18, 20:30].astype(float)
    wanted = weight * patch + (1 - weight) * before[4:12, 3:13]
    assert np.abs(image[4:12, 3:13] - wanted).max() <= 0.5 + 1e-6
    image[4:12, 3:13] = before[4:12, 3:13]
    assert np.array_equal(image, before)  # nothing outside changed


def test_mirror_and_size() -> None:
    image, source = _images(1)
    paste_patch(image, BOX, source, SOURCE, mirror=True)
    assert np.array_equal(image[4:12, 3:13], source[10:18, 20:30][:, ::-1])
    source[:] = 77
    for box in ((0, 0, 5, 4), (0, 0, 40, 32)):
        paste_patch(image, box, source, SOURCE)
        assert (image[box[1] : box[3], box[0] : box[2]] == 77).all()


def test_a_soft_edge_fades_from_background_to_patch() -> None:
    image, source = np.zeros((40, 40, 1), np.uint8), np.full((40, 40, 1), 200, np.uint8)
    paste_patch(image, (5, 5, 35, 35), source, (5, 5, 35, 35), soft_edge=0.2)
    row = image[20, 5:35, 0].astype(int)
    assert row[0] < 20
    assert (row[6:24] == 200).all()
    assert (np.diff(row[:7]) >= 0).all()
    assert np.array_equal(row, row[::-1])
    weights = faded(30, 30, 0.2)
    assert weights.max() == 1
    assert np.allclose(weights, weights.T)


def test_matching_keeps_the_difference_from_the_surroundings() -> None:
    source, image = np.full((40, 40, 1), 100, np.uint8), np.full((40, 40, 1), 50, np.uint8)
    source[10:20, 10:20] = 130  # 30 above its surroundings
    for intensity in ("shift", "moments"):
        paste_patch(image, (20, 20, 30, 30), source, (10, 10, 20, 20), intensity=intensity)
        assert (image[20:30, 20:30] == 80).all()
    assert ring_moments(source, (10, 10, 20, 20)) == (100, 0)
    assert ring_moments(source, (0, 0, 40, 40))[0] == source.mean()


def test_moments_stretch_contrast_within_bounds() -> None:
    patch = np.array([[[100], [140]]], np.uint8)
    assert matched(patch, (100, 9), (60, 19), "moments").ravel().tolist() == [60, 140]
    assert matched(patch, (100, 0), (60, 99), "moments").ravel().tolist() == [60, 140]  # twice at the most
    assert matched(patch, (0, 0), (200, 0), "shift").ravel().tolist() == [255, 255]
