import math

import pytest
import torch

from longtail.errors import UserError
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.seesaw import Seesaw, seesaw_loss

COUNTS = [1000, 100, 10, 0]


@pytest.mark.parametrize(("p", "q"), [(0.8, 2.0), (0.8, 0.0), (0.0, 2.0), (1.5, 0.5)])
def test_against_loops(p: float, q: float) -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(5, 4) * 3, torch.tensor([2, 0, -1, 1, 2])
    total = 0.0
    for row, y in zip(logits.tolist(), target.tolist(), strict=True):
        if y >= 0:
            sigma = [math.exp(z) / sum(math.exp(z) for z in row) for z in row]
            below = 0.0
            for j, z in enumerate(row):
                mitigation = min(1.0, max(COUNTS[j], 1) / COUNTS[y]) ** p
                compensation = max(1.0, sigma[j] / max(sigma[y], 0.01)) ** q
                below += math.exp(z) * (1.0 if j == y else mitigation * compensation)
            total += math.log(below) - row[y]
    value = seesaw_loss(logits, target, COUNTS, p=p, q=q)
    assert value.item() == pytest.approx(total / 4, rel=1e-5)


def test_with_both_factors_off_it_is_cross_entropy() -> None:
    logits, target = torch.randn(5, 4), torch.tensor([2, 0, 1, 1, 2])
    torch.testing.assert_close(seesaw_loss(logits, target, COUNTS, p=0, q=0), cross_entropy_loss(logits, target))


def test_a_frequent_class_pushes_a_rare_one_down_less() -> None:
    logits = torch.zeros(1, 2, requires_grad=True)
    (softened,) = torch.autograd.grad(seesaw_loss(logits, torch.tensor([0]), [1000, 10]), logits)
    (plain,) = torch.autograd.grad(cross_entropy_loss(logits, torch.tensor([0])), logits)
    assert 0 < softened[0, 1] < 0.1 * plain[0, 1]


def test_online_counts_are_those_of_the_batches_so_far_and_are_saved() -> None:
    loss = Seesaw([7, 7, 7], online=True)
    logits, target = torch.randn(4, 3), torch.tensor([0, 0, -1, 2])
    loss(logits, target)
    assert loss.counts.tolist() == [2, 0, 1]
    torch.testing.assert_close(loss.eval()(logits, target), seesaw_loss(logits, target, [2, 0, 1]))
    assert loss.counts.tolist() == [2, 0, 1]
    again = Seesaw([7, 7, 7], online=True)
    again.load_state_dict(loss.state_dict())
    assert again.counts.tolist() == [2, 0, 1]
    assert not Seesaw([7, 7, 7]).state_dict()


def test_stands_everything(check_rows) -> None:
    check_rows(Seesaw(COUNTS))
    check_rows(Seesaw(COUNTS, online=True).eval())


def test_gradient_without_compensation() -> None:
    """The compensation takes its softmax as a constant, so only without it are gradients those of the value."""
    logits = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, -1, 2])
    assert torch.autograd.gradcheck(lambda z: seesaw_loss(z, target, COUNTS, q=0), (logits,))


def test_mistakes() -> None:
    with pytest.raises(UserError, match="p is -1"):
        seesaw_loss(torch.zeros(1, 4), torch.tensor([0]), COUNTS, p=-1)
