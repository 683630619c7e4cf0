import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from longtail.errors import UserError
from longtail.losses.cross_entropy import CrossEntropy, cross_entropy_loss

WEIGHT = torch.tensor([1.0, 0.5, 2.0, 4.0])


def _by_hand(
    logits: torch.Tensor, target: torch.Tensor, smoothing: float, weight: torch.Tensor, reduction: str
) -> float:
    """Loops over rows and classes; PyTorch's mean divides by the sum of the targets' weights."""
    total = mass = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y < 0:
            continue
        spread = math.log(sum(math.exp(z) for z in row))
        wish = [smoothing / len(row) + (1 - smoothing) * (c == y) for c in range(len(row))]
        total += sum(w * q * (spread - z) for w, q, z in zip(weight.tolist(), wish, row, strict=True))
        mass += weight[y].item()
    return total / mass if reduction == "mean" else total


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_against_loops(reduction: str, smoothing: float, weight: torch.Tensor | None) -> None:
    torch.manual_seed(1)
    logits, target = torch.randn(5, 4), torch.tensor([0, 3, -1, 1, 3])
    value = cross_entropy_loss(
        logits,
        target,
        label_smoothing=smoothing,
        class_weight=weight,
        reduction=reduction,  # type: ignore[arg-type]
    )
    by_hand = _by_hand(logits, target, smoothing, torch.ones(4) if weight is None else weight, reduction)
    assert value.item() == pytest.approx(by_hand, rel=1e-5)


def test_none_gives_0_for_unknown_rows() -> None:
    values = cross_entropy_loss(torch.zeros(2, 4), torch.tensor([1, -1]), reduction="none")
    assert values.tolist() == pytest.approx([math.log(4), 0])


def test_without_unknowns_it_is_torch() -> None:
    torch.manual_seed(2)
    logits, target = torch.randn(7, 4), torch.randint(0, 4, (7,))
    ours = cross_entropy_loss(logits, target, label_smoothing=0.1, class_weight=WEIGHT)
    torch.testing.assert_close(ours, F.cross_entropy(logits, target, WEIGHT, label_smoothing=0.1))


def test_probabilities_as_targets() -> None:
    torch.manual_seed(3)
    logits, target = torch.randn(4, 4), torch.softmax(torch.randn(4, 4), dim=1)
    torch.testing.assert_close(cross_entropy_loss(logits, target), F.cross_entropy(logits, target))
    hard = F.one_hot(torch.tensor([0, 1, 2, 3]), 4).float()
    torch.testing.assert_close(cross_entropy_loss(logits, hard), cross_entropy_loss(logits, torch.arange(4)))
    target[1] = torch.nan
    kept = [0, 2, 3]
    torch.testing.assert_close(cross_entropy_loss(logits, target), F.cross_entropy(logits[kept], target[kept]))
    logits.requires_grad_()
    nothing = cross_entropy_loss(logits, torch.full((4, 4), torch.nan))
    assert nothing == 0
    assert (torch.autograd.grad(nothing, logits)[0] == 0).all()


@pytest.mark.parametrize("weight", [None, "inverse"])
def test_stands_everything(check_rows, weight: str | None) -> None:
    check_rows(CrossEntropy([50, 7, 3, 0], label_smoothing=0.1, class_weight=weight))  # type: ignore[arg-type]


def test_a_batch_of_weightless_classes_is_0() -> None:
    assert CrossEntropy([5, 0], class_weight="inverse")(torch.zeros(2, 2), torch.tensor([1, 1])) == 0


def test_narrow_integer_targets() -> None:
    logits = torch.randn(2, 4)
    for dtype in (torch.int8, torch.int32):
        target = torch.tensor([1, -1], dtype=dtype)
        torch.testing.assert_close(cross_entropy_loss(logits, target), cross_entropy_loss(logits, target.long()))


def test_unknown_reduction() -> None:
    with pytest.raises(UserError, match="Did you mean 'mean'"):
        cross_entropy_loss(torch.zeros(1, 2), torch.tensor([0]), reduction="means")  # type: ignore[arg-type]


def test_deferred_weights() -> None:
    torch.manual_seed(4)
    loss = CrossEntropy([9, 1, 1, 1], class_weight="inverse", weight_from=0.5)
    logits, target = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0])
    torch.testing.assert_close(loss(logits, target), cross_entropy_loss(logits, target))
    loss.class_weight.set_progress(0.5)
    assert loss(logits, target) != cross_entropy_loss(logits, target)


def test_gradient() -> None:
    logits = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(
        lambda z: cross_entropy_loss(z, target, label_smoothing=0.1, class_weight=WEIGHT), (logits,)
    )
