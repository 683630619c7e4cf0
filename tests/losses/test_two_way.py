import pytest
import timm.loss
import torch

from longtail.errors import UserError
from longtail.losses import TwoWay, two_way_loss


@pytest.mark.skipif(not hasattr(timm.loss, "TwoWayLoss"), reason="timm has this reference from 1.0.31 on")
@pytest.mark.parametrize("temperatures", [(4.0, 1.0), (1.0, 2.0)])
def test_value_and_slope_equal_timm(temperatures: tuple[float, float]) -> None:
    logits, target = torch.randn(9, 5, requires_grad=True), (torch.rand(9, 5) < 0.3).float()
    target[0], target[1], target[:, 4] = 0, 1, 0  # an image and a label without positives, an image with nothing else
    expected = timm.loss.TwoWayLoss(*temperatures)(logits, target)
    got = two_way_loss(logits, target, temperature_pos=temperatures[0], temperature_neg=temperatures[1])
    torch.testing.assert_close(got, expected)
    torch.testing.assert_close(torch.autograd.grad(got, logits), torch.autograd.grad(expected, logits))


def test_loops_with_unknowns() -> None:
    logits, target = torch.randn(6, 4), (torch.rand(6, 4) < 0.5).float()
    target[torch.rand(6, 4) < 0.3] = torch.nan
    total = 0.0
    for scores, states in ((logits, target), (logits.T, target.T)):
        values = []
        for z, y in zip(scores, states, strict=True):
            if (y == 1).any():
                down = torch.logsumexp(z[y == 0], 0) if (y == 0).any() else torch.tensor(-torch.inf)
                up = 4 * torch.logsumexp(-z[y == 1] / 4, 0)
                values.append(torch.log1p(torch.exp(down + up)).item())
        total += sum(values) / len(values)
    assert two_way_loss(logits, target).item() == pytest.approx(total, rel=1e-5)


def test_logits_beyond_any_mask_value() -> None:
    """With a mask value of -1e4, as in timm, an absent entry would count as much as this negative."""
    logits, target = torch.tensor([[-1e4, -1e4, 0.0]]), torch.tensor([[0.0, 1.0, torch.nan]])
    assert two_way_loss(logits, target).item() == pytest.approx(0.6931472 + 0)


def test_temperatures_are_positive() -> None:
    with pytest.raises(UserError, match="above 0"):
        TwoWay(temperature_pos=0)
