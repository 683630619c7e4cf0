import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from longtail.errors import UserError
from longtail.losses.label_aware_smoothing import (
    LabelAwareSmoothing,
    label_aware_smoothing_loss,
    smoothing_by_class,
)

COUNTS = [100, 40, 10]


@pytest.mark.parametrize(
    ("shape", "middle"),
    [
        ("concave", 0.3 * math.sin(30 * math.pi / (2 * 90))),
        ("linear", 0.3 * 30 / 90),
        ("convex", 0.3 + 0.3 * math.sin(1.5 * math.pi + 30 * math.pi / (2 * 90))),
        ("exp", 0.3 * (30 / 90) ** 2),
    ],
)
def test_published_shapes(shape: str, middle: float) -> None:
    smoothing = smoothing_by_class(COUNTS, shape=shape)  # type: ignore[arg-type]
    assert smoothing.tolist() == pytest.approx([0.3, middle, 0.0], abs=1e-6)


def test_against_loops() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(4, 3), torch.tensor([2, 0, -1, 1])
    smoothing = smoothing_by_class(COUNTS, head=0.4, tail=0.1).tolist()
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y >= 0:
            surprise = [math.log(sum(math.exp(z) for z in row)) - z for z in row]
            total += (1 - smoothing[y]) * surprise[y] + smoothing[y] * sum(surprise) / 3
    value = label_aware_smoothing_loss(logits, target, COUNTS, head=0.4, tail=0.1)
    assert value.item() == pytest.approx(total / 3, rel=1e-5)


def test_equal_smoothing_is_ordinary_label_smoothing() -> None:
    logits, target = torch.randn(4, 3), torch.tensor([2, 0, 1, 1])
    value = label_aware_smoothing_loss(logits, target, COUNTS, head=0.2, tail=0.2)
    torch.testing.assert_close(value, F.cross_entropy(logits, target, label_smoothing=0.2))


def test_degenerate_counts() -> None:
    assert smoothing_by_class([5, 5]).tolist() == pytest.approx([0.3, 0.3])
    assert smoothing_by_class([5, 0, 9], shape="linear").tolist() == pytest.approx([0, 0, 0.3])
    assert smoothing_by_class([0, 0]).isfinite().all()


def test_stands_everything(check_rows) -> None:
    check_rows(LabelAwareSmoothing([60, 30, 5, 0]))


def test_gradient() -> None:
    logits = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(lambda z: label_aware_smoothing_loss(z, target, COUNTS), (logits,))


def test_mistakes() -> None:
    with pytest.raises(UserError, match="Did you mean 'concave'"):
        smoothing_by_class(COUNTS, shape="concav")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="head is 3"):
        smoothing_by_class(COUNTS, head=3)
