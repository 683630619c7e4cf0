import pytest
import torch

from longtail.errors import UserError
from longtail.losses import SPLC, splc_loss


def test_explicit_formula_before_and_after() -> None:
    logits, target = torch.randn(40, 5) * 2, (torch.rand(40, 5) < 0.3).float()
    p, p_m = torch.sigmoid(logits), torch.sigmoid(logits - 1)
    positive, negative = -((1 - p_m) ** 2) * p_m.log(), -(p**2) * (1 - p).log()
    missed = -((1 - p) ** 2) * p.log()
    before = torch.where(target == 1, positive, negative)
    after = torch.where((target == 0) & (p > 0.6), missed, before)
    loss = SPLC()
    torch.testing.assert_close(loss(logits, target), before.sum(), rtol=1e-4, atol=1e-4)
    loss.set_epoch(1)
    torch.testing.assert_close(loss(logits, target), after.sum(), rtol=1e-4, atol=1e-4)
    assert not torch.isclose(before.sum(), after.sum())


def test_a_confident_negative_is_pulled_up_once_corrected() -> None:
    logits = torch.tensor([[2.0, -2.0]], requires_grad=True)
    (up,) = torch.autograd.grad(splc_loss(logits, torch.zeros(1, 2)), logits)
    (down,) = torch.autograd.grad(splc_loss(logits, torch.zeros(1, 2), correct=False), logits)
    assert up[0, 0] < 0 < down[0, 0]
    assert up[0, 1] == down[0, 1]


def test_tau_is_a_probability() -> None:
    with pytest.raises(UserError, match="tau is 1"):
        SPLC(tau=1)
