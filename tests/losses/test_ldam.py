import math

import pytest
import torch

from longtail.errors import UserError
from longtail.losses.cross_entropy import cross_entropy_loss
from longtail.losses.ldam import LDAM, ldam_loss, ldam_margins, scaled_logits
from longtail.losses.weights import class_balanced_weights

COUNTS = [5000, 500, 50]


def _cosines(rows: int) -> torch.Tensor:
    return torch.rand(rows, 3, generator=torch.Generator().manual_seed(rows)) * 2 - 1


def test_margins_of_the_oracle() -> None:
    assert ldam_margins(COUNTS).tolist() == pytest.approx([0.5 * (50 / n) ** 0.25 for n in COUNTS])


def test_empty_classes_have_the_largest_margin_and_do_not_move_the_others() -> None:
    assert ldam_margins([5000, 0, 50]).tolist() == pytest.approx([0.5 * 0.01**0.25, 0.5, 0.5])
    assert ldam_margins([0, 0]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("weight", [None, torch.tensor([0.2, 1.0, 1.8])])
def test_against_loops(weight: torch.Tensor | None) -> None:
    cosines, target = _cosines(6), torch.tensor([0, 1, 2, -1, 2, 0])
    total = mass = 0.0
    for row, y in zip(cosines.tolist(), target.tolist(), strict=True):
        if y >= 0:
            w = 1.0 if weight is None else weight[y].item()
            moved = [30 * (z - (c == y) * 0.5 * (50 / COUNTS[y]) ** 0.25) for c, z in enumerate(row)]
            total += w * (math.log(sum(math.exp(z) for z in moved)) - moved[y])
            mass += w
    value = ldam_loss(cosines, target, COUNTS, class_weight=weight)
    assert value.item() == pytest.approx(total / mass, rel=1e-5)


def test_without_margin_it_is_scaled_cross_entropy() -> None:
    cosines, target = _cosines(6), torch.tensor([0, 1, 2, 1, 2, 0])
    torch.testing.assert_close(
        ldam_loss(cosines, target, COUNTS, max_margin=0, scale=7), cross_entropy_loss(7 * cosines, target)
    )


def test_ldam_drw() -> None:
    cosines, target = _cosines(6), torch.tensor([0, 1, 2, 1, 2, 0])
    loss = LDAM(COUNTS, class_weight="class_balanced", weight_from=0.8)
    torch.testing.assert_close(loss(cosines, target), ldam_loss(cosines, target, COUNTS))
    loss.class_weight.set_progress(0.8)
    weight = class_balanced_weights(COUNTS)
    torch.testing.assert_close(loss(cosines, target), ldam_loss(cosines, target, COUNTS, class_weight=weight))


def test_prediction_uses_the_scale_once_and_no_margin() -> None:
    cosines = torch.tensor([[0.9, 0.1, -0.3]], dtype=torch.bfloat16)
    expected = 30 * cosines.float()
    torch.testing.assert_close(LDAM(COUNTS).prediction_logits(cosines), expected)
    torch.testing.assert_close(scaled_logits(cosines), expected)
    assert torch.softmax(expected, dim=1).max() > 0.99 > torch.softmax(cosines.float(), dim=1).max()


def test_ordinary_logits_are_told_at_the_first_batch() -> None:
    loss = LDAM(COUNTS)
    with pytest.raises(UserError, match=r"a logit is 7; use the head 'cosine'"):
        loss(torch.tensor([[7.0, 0, 0]]), torch.tensor([0]))


def test_ordinary_logits_by_choice_warn() -> None:
    with pytest.warns(UserWarning, match="multiplies them by 30"):
        loss = LDAM(COUNTS, normalized=False)
    logits, target = torch.tensor([[7.0, 0, 0]]), torch.tensor([1])
    torch.testing.assert_close(loss(logits, target), ldam_loss(logits, target, COUNTS))


def test_stands_everything(check_rows) -> None:
    check_rows(lambda z, y: ldam_loss(z, y, [100, 20, 5, 0]))
    check_rows(lambda z, y: ldam_loss(z, y, [100, 20, 5, 0], class_weight=class_balanced_weights([100, 20, 5, 0])))


def test_gradient() -> None:
    cosines = _cosines(4).double().requires_grad_()
    target = torch.tensor([0, -1, 2, 1])
    assert torch.autograd.gradcheck(lambda z: ldam_loss(z, target, COUNTS, scale=5), (cosines,))


def test_nothing_is_saved() -> None:
    assert not LDAM(COUNTS, class_weight="inverse").state_dict()
