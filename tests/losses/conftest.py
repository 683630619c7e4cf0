"""What loss tests share: one thread (losses are small), and the checks that every single-label loss must pass."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

torch.set_num_threads(1)

Loss = Callable[[Tensor, Tensor], Tensor]


@pytest.fixture
def check_rows() -> Callable[[Loss], None]:
    """Extreme logits in three types, unknown rows, no known row, a single row, no_grad: for losses of 4 classes."""

    def check(loss: Loss) -> None:
        _stands_extremes(loss)
        _masks_unknown(loss)
        _keeps_grad_mode(loss)

    return check


def _stands_extremes(loss: Loss) -> None:
    """Finite loss and gradient at logits of +-1e4, right and wrong, also under autocast; computed in float32."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        logits = (torch.eye(4).repeat(2, 1) * 2e4 - 1e4).to(dtype).requires_grad_()
        target = torch.cat([torch.arange(4), torch.arange(4).roll(1)])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
            value = loss(logits, target)
        assert value.dtype == torch.float32
        (gradient,) = torch.autograd.grad(value, logits)
        assert value.isfinite()
        assert gradient.isfinite().all()
        assert (gradient[4:] != 0).any()  # the wrong ones still learn
        assert gradient.dtype == dtype


def _masks_unknown(loss: Loss) -> None:
    """Rows of class -1 change nothing and get no gradient; without any known row the loss is 0, with a graph."""
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.tensor([0, -1, 2, 1, -1, 0])
    value = loss(logits, target)
    torch.testing.assert_close(value, loss(logits[target >= 0], target[target >= 0]))
    (gradient,) = torch.autograd.grad(value, logits)
    assert (gradient[target < 0] == 0).all()
    assert (gradient[target >= 0] != 0).any()
    nothing = loss(logits, torch.full((6,), -1))
    assert nothing == 0
    assert (torch.autograd.grad(nothing, logits)[0] == 0).all()
    assert loss(logits[:1], target[:1]).isfinite()
    assert loss(logits[:1], target[1:2]) == 0


def _keeps_grad_mode(loss: Loss) -> None:
    with torch.no_grad():
        value = loss(torch.ones(3, 4, requires_grad=True), torch.tensor([0, 1, 2]))
        assert not value.requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
