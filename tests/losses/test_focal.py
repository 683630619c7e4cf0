import math

import pytest
import torch

from longtail.errors import UserError
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.focal import Focal, focal_loss

WEIGHT = torch.tensor([1.0, 0.5, 2.0, 4.0])


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_against_loops(gamma: float) -> None:
    torch.manual_seed(1)
    logits, target = torch.randn(5, 4), torch.tensor([0, 3, -1, 1, 3])
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y >= 0:
            p = math.exp(row[y]) / sum(math.exp(z) for z in row)
            total += WEIGHT[y].item() * (1 - p) ** gamma * -math.log(p)
    value = focal_loss(logits, target, gamma=gamma, class_weight=WEIGHT)
    assert value.item() == pytest.approx(total / 4, rel=1e-5)


def test_gamma_0_is_cross_entropy() -> None:
    logits, target = torch.randn(5, 4), torch.tensor([0, 3, -1, 1, 3])
    torch.testing.assert_close(focal_loss(logits, target, gamma=0), cross_entropy_loss(logits, target))


def test_the_weight_does_not_enter_the_focus() -> None:
    logits, target = torch.randn(5, 4), torch.full((5,), 3)
    torch.testing.assert_close(focal_loss(logits, target, class_weight=WEIGHT), 4 * focal_loss(logits, target))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_stands_everything(check_rows, gamma: float) -> None:
    check_rows(Focal(gamma=gamma))
    check_rows(Focal([40, 3, 2, 0], gamma=gamma, class_weight="class_balanced"))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_gradient(gamma: float) -> None:
    logits = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(lambda z: focal_loss(z, target, gamma=gamma, class_weight=WEIGHT), (logits,))


def test_negative_gamma() -> None:
    with pytest.raises(UserError, match="gamma is -1"):
        focal_loss(torch.zeros(1, 2), torch.tensor([0]), gamma=-1)
