import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torchvision.ops import sigmoid_focal_loss

from longtail.errors import UserError
from longtail.losses.cb_focal import CBFocal, cb_focal_loss, prior_bias, sigmoid_focal_rows
from longtail.losses.weights import class_balanced_weights

COUNTS = [900, 90, 9]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_against_loops(gamma: float) -> None:
    torch.manual_seed(0)
    logits, target, weights = torch.randn(4, 3), torch.tensor([2, 0, -1, 1]), class_balanced_weights(COUNTS, beta=0.99)
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        for c, z in enumerate(row if y >= 0 else []):
            p = 1 / (1 + math.exp(-z))
            right = p if c == y else 1 - p
            total += weights[y].item() * (1 - right) ** gamma * -math.log(right)
    value = cb_focal_loss(logits, target, COUNTS, beta=0.99, gamma=gamma)
    assert value.item() == pytest.approx(total / 3, rel=1e-5)


def test_against_torchvision() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(6, 3), torch.tensor([2, 0, 1, 1, 0, 2])
    value = sigmoid_focal_rows(logits, target, torch.ones(3))
    expected = sigmoid_focal_loss(logits, F.one_hot(target, 3).float(), alpha=-1, gamma=2, reduction="sum") / 6
    torch.testing.assert_close(value, expected)


def test_the_hardest_rows_keep_their_loss_and_gradient() -> None:
    """A public port overflows at -88 and gives 0.063 here."""
    logits = torch.full((1, 3), -100.0, requires_grad=True)
    value = cb_focal_loss(logits, torch.tensor([2]), COUNTS)
    weight = class_balanced_weights(COUNTS)[2]
    assert value.item() == pytest.approx(100 * weight.item(), rel=1e-6)
    (gradient,) = torch.autograd.grad(value, logits)
    assert gradient[0, 2].item() == pytest.approx(-weight.item(), rel=1e-5)


def test_prior_bias_starts_each_class_at_its_share() -> None:
    assert 1 / (1 + math.exp(-prior_bias(7))) == pytest.approx(1 / 7)
    assert CBFocal([5, 4, 3]).initial_bias == prior_bias(3)
    with pytest.raises(UserError, match="num_classes is 1"):
        prior_bias(1)


def test_stands_everything(check_rows) -> None:
    for gamma in (0.0, 0.5, 2.0):
        check_rows(CBFocal([60, 30, 5, 1], gamma=gamma))
    check_rows(CBFocal([60, 30, 5, 0]))


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_gradient(gamma: float) -> None:
    logits = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(lambda z: cb_focal_loss(z, target, COUNTS, gamma=gamma), (logits,))


def test_negative_gamma() -> None:
    with pytest.raises(UserError, match="gamma is -2"):
        cb_focal_loss(torch.zeros(1, 3), torch.tensor([0]), COUNTS, gamma=-2)
