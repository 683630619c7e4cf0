"""Solarize: the table and the comparison agree, level by level."""

import numpy as np
import pytest
import torch

from longtail.augment.solarize import Solarize
from longtail.errors import UserError


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_bright_levels_are_inverted_alike_on_both_ways(threshold: float) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    step = Solarize(threshold=threshold)
    found = step.apply(levels.copy(), np.empty(0)).astype(int)
    expected = np.where(levels / 255 >= threshold, 255 - levels.astype(int), levels)
    np.testing.assert_array_equal(found, expected)
    batch = torch.from_numpy(levels.astype(np.float32) / 255).permute(2, 0, 1)[None]
    other = step.apply_batch(batch, torch.empty(1, 0, dtype=torch.float64))
    np.testing.assert_allclose(other[0, 0].numpy() * 255, expected[..., 0], atol=1e-4)


def test_a_threshold_is_a_level() -> None:
    with pytest.raises(UserError, match="'threshold' is 2"):
        Solarize(threshold=2)
