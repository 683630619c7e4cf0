import math

import pytest
import torch

from longtail.losses.balanced_softmax import BalancedSoftmax, balanced_softmax_loss
from longtail.losses.logit_adjustment import logit_adjusted_loss

COUNTS = [70, 20, 10]


def test_against_loops() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(4, 3), torch.tensor([2, 0, -1, 1])
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y >= 0:
            weighed = [n * math.exp(z) for z, n in zip(row, COUNTS, strict=True)]
            total -= math.log(weighed[y] / sum(weighed))
    value = balanced_softmax_loss(logits, target, COUNTS)
    assert value.item() == pytest.approx(total / 3, rel=1e-5)
    torch.testing.assert_close(BalancedSoftmax(COUNTS)(logits, target), value)


def test_it_is_logit_adjustment_with_tau_1() -> None:
    logits, target = torch.randn(4, 3), torch.tensor([2, 0, 1, 1])
    torch.testing.assert_close(
        balanced_softmax_loss(logits, target, COUNTS), logit_adjusted_loss(logits, target, COUNTS)
    )


def test_stands_everything(check_rows) -> None:
    check_rows(BalancedSoftmax([60, 30, 5, 0]))
    check_rows(BalancedSoftmax([60, 30, 5, 0], reduction="sum"))


def test_an_empty_class_as_target_is_finite() -> None:
    """A validation set may hold a class that training never saw."""
    assert balanced_softmax_loss(torch.zeros(1, 2), torch.tensor([1]), [8, 0]).item() == pytest.approx(math.log(9))
