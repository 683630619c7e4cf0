import math

import pytest
import torch
from torch.nn import functional

from longtail.errors import UserError
from longtail.losses import BCE, bce_loss, soft_margin_loss

NAN = float("nan")


def test_equals_torch_without_unknowns() -> None:
    logits, target = torch.randn(7, 4), (torch.rand(7, 4) < 0.3).float()
    weight = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expected = functional.binary_cross_entropy_with_logits(logits, target, pos_weight=weight)
    torch.testing.assert_close(bce_loss(logits, target, pos_weight=weight), expected)
    torch.testing.assert_close(BCE(pos_weight=[1, 2, 3, 4])(logits, target), expected)


def test_loops_with_everything() -> None:
    logits, target = torch.tensor([[2.0, -1.0], [0.5, 3.0]]), torch.tensor([[1.0, NAN], [0.0, 1.0]])
    smoothing, positive, label, total = 0.2, (3.0, 5.0), (1.0, 0.5), 0.0
    for i, j in ((0, 0), (1, 0), (1, 1)):
        y = target[i, j].item() * (1 - smoothing) + smoothing / 2
        p = 1 / (1 + math.exp(-logits[i, j].item()))
        total -= label[j] * (positive[j] * y * math.log(p) + (1 - y) * math.log(1 - p))
    loss = BCE(pos_weight=positive, label_weight=label, smoothing=smoothing)
    assert loss(logits, target).item() == pytest.approx(total / 3, rel=1e-6)


def test_balanced_weighs_both_sides_alike() -> None:
    loss = BCE([10, 50, 0], 100, pos_weight="balanced")
    assert loss.pos_weight is not None
    assert loss.pos_weight.tolist() == [9, 1, 1]
    with pytest.raises(UserError, match="write a number, one per label, or balanced"):
        BCE(pos_weight="balanced")


def test_smoothing_out_of_range() -> None:
    with pytest.raises(UserError, match="smoothing is 1"):
        BCE(smoothing=1)


def test_soft_margin_is_torch_s_and_bce_when_all_is_known() -> None:
    logits, target = torch.randn(7, 4), (torch.rand(7, 4) < 0.3).float()
    torch.testing.assert_close(soft_margin_loss(logits, target), functional.multilabel_soft_margin_loss(logits, target))
    torch.testing.assert_close(soft_margin_loss(logits, target), bce_loss(logits, target))


def test_soft_margin_gives_each_image_the_same_say() -> None:
    logits, target = torch.randn(3, 3), torch.tensor([[1.0, 0.0, 1.0], [NAN, 1.0, NAN], [NAN, NAN, NAN]])
    each = functional.binary_cross_entropy_with_logits(logits, target.nan_to_num(0), reduction="none")
    expected = (each[0].mean() + each[1, 1]) / 2
    torch.testing.assert_close(soft_margin_loss(logits, target), expected)
