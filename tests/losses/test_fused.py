import pytest
import torch

from longtail.losses.focus import power
from longtail.losses.fused import with_slope


def test_the_given_slope_is_the_gradient() -> None:
    logits = torch.zeros(2, 3, dtype=torch.float16, requires_grad=True)
    slope = torch.arange(6.0).reshape(2, 3)
    (2 * with_slope(logits, torch.tensor(5.0), slope)).backward()
    assert logits.grad is not None
    assert logits.grad.dtype == torch.float16
    assert torch.equal(logits.grad.float(), 2 * slope)


def test_second_derivatives_are_refused_not_wrong() -> None:
    logits = torch.zeros(2, requires_grad=True)
    loss = with_slope(logits, torch.tensor(1.0), torch.ones(2)) + logits.square().sum()
    with pytest.raises(RuntimeError, match="no second derivatives"):
        torch.autograd.grad(loss, logits, create_graph=True)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0])
def test_power(exponent: float) -> None:
    base = torch.linspace(0.01, 1, 20, dtype=torch.float64)
    torch.testing.assert_close(power(base, exponent), base**exponent)
    zero = torch.zeros(1, requires_grad=True)
    power(zero, exponent).sum().backward() if exponent else None
    assert zero.grad is None or torch.isfinite(zero.grad).all()
