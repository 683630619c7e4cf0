import pytest
import torch
from torchvision.ops import sigmoid_focal_loss as reference

from longtail.errors import UserError
from longtail.losses import SigmoidFocal, bce_loss, sigmoid_focal_loss


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("alpha", [0.25, None])
def test_equals_torchvision_on_hard_targets(gamma: float, alpha: float | None) -> None:
    logits, target = torch.randn(9, 5) * 3, (torch.rand(9, 5) < 0.3).float()
    expected = reference(logits, target, alpha=-1 if alpha is None else alpha, gamma=gamma, reduction="none")
    got = sigmoid_focal_loss(logits, target, gamma=gamma, alpha=alpha, reduction="none")
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


def test_without_focus_it_is_bce() -> None:
    logits, target = torch.randn(9, 5), (torch.rand(9, 5) < 0.3).float()
    loss = SigmoidFocal(gamma=0, alpha=None)(logits, target)
    torch.testing.assert_close(loss, bce_loss(logits, target))


def test_label_weight() -> None:
    logits, target, weight = torch.randn(9, 2), (torch.rand(9, 2) < 0.3).float(), torch.tensor([0.0, 3.0])
    each = sigmoid_focal_loss(logits, target, reduction="none")
    weighed = sigmoid_focal_loss(logits, target, label_weight=weight, reduction="sum")
    torch.testing.assert_close(weighed, 3 * each[:, 1].sum())


def test_the_hardest_positive_keeps_its_slope() -> None:
    """A public implementation overflows below logit -88 and gives the worst mistakes nothing."""
    logits = torch.tensor([[-100.0]], requires_grad=True)
    loss = sigmoid_focal_loss(logits, torch.ones(1, 1), alpha=None)
    loss.backward()
    assert loss.item() == pytest.approx(100)
    assert logits.grad is not None
    assert logits.grad.item() == pytest.approx(-1)


def test_settings_out_of_range() -> None:
    with pytest.raises(UserError, match="gamma is -1"):
        SigmoidFocal(gamma=-1)
