import pytest
import torch

from longtail.losses import Hill, hill_loss


def test_explicit_formula() -> None:
    logits, target = torch.randn(9, 5), (torch.rand(9, 5) < 0.3).float()
    p, p_m = torch.sigmoid(logits), torch.sigmoid(logits - 1)
    each = torch.where(target == 1, -((1 - p_m) ** 2) * p_m.log(), (1.5 - p) * p**2)
    torch.testing.assert_close(hill_loss(logits, target), each.sum())
    torch.testing.assert_close(Hill(reduction="mean")(logits, target), each.mean())


def test_a_negative_that_looks_positive_pulls_less_than_one_in_between() -> None:
    logits = torch.tensor([[0.0, 6.0]], requires_grad=True)
    hill_loss(logits, torch.zeros(1, 2)).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] > 10 * logits.grad[0, 1] > 0


def test_a_hopeless_positive_is_finite() -> None:
    assert hill_loss(torch.tensor([[-200.0]]), torch.ones(1, 1)).item() == pytest.approx(201)
