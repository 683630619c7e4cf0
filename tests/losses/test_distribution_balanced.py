import math

import pytest
import timm.loss
import torch

from longtail.errors import UserError
from longtail.losses import DistributionBalanced, distribution_balanced_loss

COUNTS = [900, 120, 30, 4, 0]


@pytest.mark.skipif(not hasattr(timm.loss, "DistributionBalancedLoss"), reason="timm has this reference from 1.0.31 on")
@pytest.mark.parametrize("options", [{}, {"neg_scale": 5.0, "map_mu": 0.3}, {"focal_gamma": 0.0}, {"init_bias": 0.0}])
def test_value_and_slope_equal_timm(options: dict[str, float]) -> None:
    logits, target = torch.randn(9, 5, requires_grad=True), (torch.rand(9, 5) < 0.3).float()
    target[0] = 0
    expected = timm.loss.DistributionBalancedLoss(COUNTS, 1000, **options)(logits, target)
    got = distribution_balanced_loss(logits, target, COUNTS, 1000, **options)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(DistributionBalanced(COUNTS, 1000, **options)(logits, target), got)
    torch.testing.assert_close(
        torch.autograd.grad(got, logits), torch.autograd.grad(expected, logits), rtol=1e-4, atol=1e-6
    )


def test_explicit_formula_of_one_image() -> None:
    counts, rows, logits, states = [100, 10], 1000, [0.3, -0.7], [1, 1]
    total = 0.0
    for c, (z, y) in enumerate(zip(logits, states, strict=True)):
        ratio = (1 / counts[c]) / sum(1 / n for n, s in zip(counts, states, strict=True) if s)
        weight = 0.1 + 1 / (1 + math.exp(-10 * (ratio - 0.2)))
        prior = z - 0.05 * math.log(rows / counts[c] - 1) / 2
        chance = 1 / (1 + math.exp(-prior))
        total += y * weight * 2 * (1 - chance) ** 2 * -math.log(chance)
    got = distribution_balanced_loss(torch.tensor([logits]), torch.tensor([[1.0, 1.0]]), counts, rows)
    assert got.item() == pytest.approx(total / 2, rel=1e-5)


def test_settings_out_of_range() -> None:
    with pytest.raises(UserError, match="neg_scale is 0"):
        DistributionBalanced(COUNTS, 1000, neg_scale=0)
    with pytest.raises(UserError, match="needs 2 training images"):
        DistributionBalanced([1, 0], 1)
