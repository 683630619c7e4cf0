import math

import pytest
import torch
from timm.loss import AsymmetricLossMultiLabel
from torch import Tensor
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import Asymmetric, asymmetric_loss


def batch() -> tuple[Tensor, Tensor]:
    return torch.randn(9, 5) * 3, (torch.rand(9, 5) < 0.3).float()


@pytest.mark.parametrize("gammas", [(1, 4), (0, 4), (0, 0), (2, 2), (0.5, 1.5), (1, 1), (2, 0.5)])
@pytest.mark.parametrize("clip", [0.05, 0.0, 0.2])
@pytest.mark.parametrize("detach", [False, True])
def test_value_and_slope_equal_timm(gammas: tuple[float, float], clip: float, detach: bool) -> None:
    logits, target = batch()
    logits.requires_grad_()
    reference = AsymmetricLossMultiLabel(
        gamma_pos=gammas[0], gamma_neg=gammas[1], clip=clip, disable_torch_grad_focal_loss=detach
    )
    reference.reduction = "sum"  # no argument before timm 1.0.31, which always sums
    expected = reference(logits, target)
    got = asymmetric_loss(logits, target, gamma_pos=gammas[0], gamma_neg=gammas[1], clip=clip, detach_focus=detach)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(got, logits)[0],
        torch.autograd.grad(expected, logits)[0].nan_to_num(0),  # timm: 0 ** (gamma - 1) times 0 for gamma below 1
        rtol=1e-4,
        atol=1e-5,
    )


def test_without_focus_and_clip_it_is_the_sum_of_bce() -> None:
    logits, target = batch()
    expected = functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    torch.testing.assert_close(Asymmetric(gamma_pos=0, gamma_neg=0, clip=0)(logits, target), expected)


def test_explicit_formula() -> None:
    logits, target = torch.tensor([[1.0, -0.5, -4.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    p = [1 / (1 + math.exp(-z)) for z in logits[0].tolist()]
    shifted = [max(value - 0.05, 0) for value in p]
    expected = -((1 - p[0]) * math.log(p[0])) - sum(s**4 * math.log(1 - s) for s in shifted[1:])
    assert asymmetric_loss(logits, target).item() == pytest.approx(expected, rel=1e-5)
    assert shifted[2] == 0  # easier than the clip: dropped altogether


def test_a_hopeless_positive_keeps_its_gradient_in_half_precision() -> None:
    logits = torch.tensor([[-25.0]], dtype=torch.float16, requires_grad=True)
    loss = asymmetric_loss(logits, torch.ones(1, 1))
    loss.backward()
    assert loss.item() == pytest.approx(25, rel=1e-5)
    assert logits.grad is not None
    assert logits.grad.item() == pytest.approx(-1, rel=1e-3)


def test_label_weight_and_mean() -> None:
    logits, target = batch()
    weight = [0.0, 1.0, 2.0, 3.0, 4.0]
    each = asymmetric_loss(logits, target, reduction="none")
    got = Asymmetric(label_weight=weight, reduction="mean")(logits, target)
    torch.testing.assert_close(got, (each * torch.tensor(weight)).mean())


def test_settings_out_of_range() -> None:
    with pytest.raises(UserError, match="clip 1"):
        Asymmetric(clip=1)
