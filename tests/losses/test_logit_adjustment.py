import math

import pytest
import torch

from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.logit_adjustment import LogitAdjustment, adjust_logits, log_prior, logit_adjusted_loss

COUNTS = [70, 20, 10]


def test_against_loops() -> None:
    torch.manual_seed(0)
    logits, target, tau = torch.randn(4, 3), torch.tensor([2, 0, -1, 1]), 1.5
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y >= 0:
            moved = [z + tau * math.log(n / 100) for z, n in zip(row, COUNTS, strict=True)]
            total += math.log(sum(math.exp(z) for z in moved)) - moved[y]
    value = logit_adjusted_loss(logits, target, COUNTS, tau=tau)
    assert value.item() == pytest.approx(total / 3, rel=1e-5)
    torch.testing.assert_close(LogitAdjustment(COUNTS, tau=tau)(logits, target), value)


def test_after_training_it_takes_the_prior_out() -> None:
    balanced = torch.tensor([[0.2, 1.0, -0.5]])
    trained = balanced + torch.tensor([n / 100 for n in COUNTS]).log()
    torch.testing.assert_close(adjust_logits(trained, COUNTS), balanced)


def test_the_best_plain_logits_are_those_of_a_balanced_world() -> None:
    """At the minimum of the adjusted loss on data of one feature value, the plain logits favour no class."""
    logits = torch.zeros(1, 3, requires_grad=True)
    target = torch.arange(3).repeat_interleave(torch.tensor(COUNTS))
    (gradient,) = torch.autograd.grad(logit_adjusted_loss(logits.expand(100, 3), target, COUNTS), logits)
    torch.testing.assert_close(gradient, torch.zeros(1, 3), atol=1e-6, rtol=0)
    (plain,) = torch.autograd.grad(cross_entropy_loss(logits.expand(100, 3), target), logits)
    assert plain.abs().max() > 0.1


def test_even_counts_change_nothing() -> None:
    logits, target = torch.randn(3, 3), torch.tensor([2, 0, 1])
    torch.testing.assert_close(logit_adjusted_loss(logits, target, [4, 4, 4]), cross_entropy_loss(logits, target))


def test_empty_classes_stay_finite() -> None:
    assert log_prior([99, 0]).tolist() == pytest.approx([math.log(0.99), math.log(0.01)])
    assert log_prior([0, 0]).tolist() == pytest.approx([math.log(0.5)] * 2)


def test_stands_everything(check_rows) -> None:
    check_rows(LogitAdjustment([60, 30, 5, 0]))
    check_rows(LogitAdjustment([60, 30, 5, 0], class_weight="inverse"))


def test_adjusts_in_float32() -> None:
    assert adjust_logits(torch.zeros(1, 3, dtype=torch.float16), COUNTS).dtype == torch.float32


def test_gradient() -> None:
    logits = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(lambda z: logit_adjusted_loss(z, target, COUNTS), (logits,))
