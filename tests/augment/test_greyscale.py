"""Greyscale: torchvision's luma, on both ways alike; grey images are left alone."""

import numpy as np
import torch
from torchvision.transforms.v2.functional import rgb_to_grayscale

from longtail.augment.greyscale import Greyscale

IMAGE = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)


def test_colours_become_torchvisions_luma() -> None:
    batch = torch.from_numpy(IMAGE.astype(np.float32) / 255).permute(2, 0, 1)[None]
    expected = rgb_to_grayscale(batch, num_output_channels=3)
    found = Greyscale().apply_batch(batch, torch.empty(1, 0))
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=0)  # torchvision's weights have four digits
    quick = Greyscale().apply(IMAGE.copy(), np.empty(0))
    np.testing.assert_allclose(quick, expected[0].permute(1, 2, 0).numpy() * 255, atol=0.6)


def test_grey_images_stay() -> None:
    grey = IMAGE[..., :1].copy()
    np.testing.assert_array_equal(Greyscale().apply(grey, np.empty(0)), grey)
    batch = torch.rand(2, 1, 4, 4)
    assert torch.equal(Greyscale().apply_batch(batch, torch.empty(2, 0)), batch)
